/**
 * The log on standard error: JSON lines for machines, short lines for people at a terminal.
 *
 * User names, statements and error texts are written by attackers: they never start a line of their own and
 * never reach a terminal as anything but text. Secrets are masked by key and by form.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from './config.ts';
import { PgvigilError } from './errors.ts';
import { printable, printableJson } from './printable.ts';

export type Log = Logger;

const MASK = '[secret]';
const MAX_DEPTH = 6;

const SECRET_KEY =
  /^(password|passwd|pwd|secrets?|token|authorization|cookie|connectionstring|sharedaccess(key|signature)|sas|privatekey|apikey|clientsecret|credentials?)$/;

/** The same for the fields of child loggers, which pino only masks by name. */
const CHILD_SECRETS = ['password', 'secret', 'token', 'authorization', 'connectionString'];

/**
 * Forms in which secrets stand inside longer texts: connection strings, SAS tokens, bearer tokens, URLs. They are
 * looked for in JSON text, so an escape (`\"`) is taken whole or not at all.
 */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/(SharedAccessKey|SharedAccessSignature|AccountKey|Password|Pwd)=(?:\\.|[^;\s"\\])+/gi, `$1=${MASK}`],
  [/\bsig=(?:\\.|[^&;\s"\\])+/gi, `sig=${MASK}`],
  [/\bBearer [A-Za-z0-9._~+/=-]+/g, `Bearer ${MASK}`],
  [/\bwhsec_[A-Za-z0-9+/=_-]+/g, MASK],
  [/:\/\/[^\s/@:"]{1,128}:[^\s/@"]{1,256}@/g, `://${MASK}@`],
];

export interface LogOptions {
  level: Config['log']['level'];
  /** Where lines go; standard error for everything but tests. */
  output: NodeJS.WritableStream & { isTTY?: boolean };
}

/** A logger: `log.info({ server, records }, 'stored')`. Errors go under the key `err`. */
export function createLog({ level, output }: LogOptions): Log {
  const line = output.isTTY ? humanLine : (json: string) => `${printableJson(json)}\n`;
  const destination: DestinationStream = { write: (json) => void output.write(line(json.trimEnd())) };
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: maskedFields,
      },
      redact: { paths: CHILD_SECRETS, censor: MASK },
      serializers: { err: (error: unknown) => masked(error, 0) },
      hooks: { streamWrite: maskTexts },
    },
    destination,
  );
}

function maskTexts(text: string): string {
  return SECRET_TEXTS.reduce((line, [form, replacement]) => line.replace(form, replacement), text);
}

function maskedFields(fields: object): Record<string, unknown> {
  return masked(fields, 0) as Record<string, unknown>;
}

/** The same fields with secrets masked and errors as plain objects. */
function masked(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((element) => masked(element, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET_KEY.test(key.toLowerCase().replace(/[_-]/g, '')) ? MASK : masked(inner, depth + 1),
    ]),
  );
}

/** Not all properties: errors of HTTP clients carry whole requests, with their headers. */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(code !== undefined && { code: String(code) }),
    message: error.message,
    ...(error instanceof PgvigilError ? { hint: error.hint } : { stack: error.stack }),
    ...(error.cause !== undefined && { cause: masked(error.cause, depth + 1) }),
  };
}

/** `12:30:05 WARN  message key=value`, for a terminal. */
function humanLine(json: string): string {
  const { time, level, msg, ...fields } = parsed(json);
  const rest = Object.entries(fields).map(([key, value]) => `${printable(key)}=${shortText(value)}`);
  const head = `${String(time).slice(11, 19)} ${String(level).toUpperCase().padEnd(5)}`;
  return `${[head, printable(String(msg ?? '')), ...rest].join(' ')}\n`;
}

/** A line that no longer parses is shown whole rather than lost. */
function parsed(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return { time: '', level: '', msg: json };
  }
}

function shortText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) {
    const { code, message, hint } = value as Record<string, unknown>;
    return printable([code, message, hint].filter(Boolean).map(String).join(' | '));
  }
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return printable(value);
  return printableJson(JSON.stringify(value));
}
