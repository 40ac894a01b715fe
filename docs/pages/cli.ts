/** The page of the command line, from the table of commands itself. */
import type { Argument, Command, Option } from 'commander';
import { ERROR_CODES, type ErrorCode } from '../../src/errors.ts';
import { createProgram } from '../../src/program.ts';
import { code, head, table } from './markdown.ts';

/** What a code means to the person who meets it. */
const MEANINGS: Record<ErrorCode, string> = {
  USAGE: 'The command line is wrong: unknown command or option, missing argument.',
  CONFIG_INVALID: 'The configuration, an environment variable or a flag has a wrong key or value.',
  SECRET_INVALID: 'A secret that the configuration names is missing or malformed.',
  DETECTOR_INVALID: 'A detector file cannot be used.',
  ENRICHMENT_INVALID:
    'A file that addresses are looked up in cannot be used, or a line of it; the others are.',
  QUERY_REFUSED: 'The SQL is not one query that reads the public views.',
  QUERY_FAILED: 'The query failed, or took longer than `--timeout`.',
  QUERY_BUSY: 'As many queries run and wait as may.',
  DATA_LOCKED: 'Another process holds the data folder.',
  DATA_MISSING: 'The data folder holds no pgvigil data.',
  DATA_DAMAGED: 'The database file is damaged.',
  DATA_TOO_NEW: 'The database file was written by a newer version.',
  STORE_WRITE: 'The data folder cannot be written: disk full, permissions.',
  FILE_UNREADABLE: 'A file to read does not exist or cannot be read.',
  SOURCE_REFUSED: 'The event hub refused the connection for good: wrong name, key or consumer group.',
  WORKER_UNREACHABLE: 'A worker holds the data folder and does not answer.',
  DELIVERY_FAILED: 'A receiver did not take a test alert.',
  NOT_FOUND: 'What was asked for does not exist.',
  DEMO_FAILED: 'The demo missed a labelled attack, or reported ordinary work.',
  INTERNAL: 'A defect of pgvigil. Please report it.',
};

const INTRODUCTION = `
Results go to standard output; the log, progress and errors go to standard error. In a pipe there are no colours and no
progress. Text that comes from a log is shown with control characters escaped.

An error is two lines: what happened with a code, and what to do.

\`\`\`
pgvigil: /var/lib/pgvigil holds no pgvigil data [DATA_MISSING]
  Name the data folder with --data or PGVIGIL_DATA, or fill one with \`pgvigil backfill\` or \`pgvigil run\`.
\`\`\`

## Exit codes
`;

const ALERT_FIELDS: [string, string][] = [
  ['id', 'Stable id, `al_…`.'],
  ['detector, name', 'Id and name of the detector, e.g. `A01`, `auth.brute_force_account`.'],
  ['title, severity, status', 'What it means; `info` to `critical`; `open` or `closed`.'],
  ['server', 'Name of the server, lower case.'],
  ['entity', 'What the evidence has in common, e.g. `app_rw@203.0.113.7`.'],
  ['summary', 'The most telling event in one sentence.'],
  ['user, client, database, application', 'Null where there are several; `client` is an address or null.'],
  ['first_seen, last_seen', 'Time of the first and the last event, ISO 8601, UTC.'],
  ['count', 'Events behind it.'],
  ['sessions', 'Sessions (`%c` of log_line_prefix) behind it.'],
  ['observed, threshold', 'Largest value, and what it was held against.'],
  [
    'evidence',
    'The events: `record_id`, `event_time`, `session_id`, `user`, `client`, `summary`, `statement`.',
  ],
];

export function cliPage(): string {
  const program = createProgram();
  return [
    head('Command line', '`src/program.ts` and `src/errors.ts`'),
    INTRODUCTION,
    exitCodes(),
    '\n## Options of every command\nThey may stand before or after the command. Each command explains itself with `--help`.\n\n',
    optionTable(program.options.filter(({ long }) => long !== '--version')),
    ...leaves(program).map(section),
    '\n## Fields of an alert\n`pgvigil alerts list --format json`, `ndjson` and `csv` have these fields, whose names do not change:\n\n',
    table(['field', 'meaning'], ALERT_FIELDS),
    '\nIn `csv` the fields `sessions` and `evidence` are JSON. `evidence[].statement` holds `$n` in place of every literal.\n',
  ].join('');
}

function exitCodes(): string {
  const rows = Object.entries(ERROR_CODES).map(([name, exit]): [number, string, string] => [
    exit,
    code(name),
    MEANINGS[name as ErrorCode],
  ]);
  rows.push(
    [0, '', 'Done.'],
    [
      1,
      '',
      '`pgvigil doctor` found something that must be mended, or a case of `pgvigil detectors test` does not hold.',
    ],
    [130, '', 'Ended by Ctrl-C: `pgvigil demo --headless`, or a second Ctrl-C while `pgvigil run` stops.'],
  );
  // Array sort is stable: codes with one exit code stay in the order of the source.
  rows.sort(([a], [b]) => a - b);
  return table(
    ['exit code', 'error code', 'meaning'],
    rows.map(([exit, ...rest]) => [String(exit), ...rest]),
  );
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function section(command: Command): string {
  const usage = [...path(command), ...command.registeredArguments.map(argumentText)].join(' ');
  const parts = [`\n## ${path(command).join(' ')}\n${sentence(command.description())}\n`];
  parts.push(`\n\`\`\`\n${usage}${command.options.length > 0 ? ' [options]' : ''}\n\`\`\`\n`);
  if (command.registeredArguments.length > 0) {
    const rows = command.registeredArguments.map((one) => [code(one.name()), sentence(one.description)]);
    parts.push('\n', table(['argument', 'meaning'], rows));
  }
  if (command.options.length > 0) parts.push('\n', optionTable(command.options));
  return parts.join('');
}

function path(command: Command): string[] {
  return [...(command.parent === null ? [] : path(command.parent)), command.name()];
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionTable(options: readonly Option[]): string {
  return table(
    ['option', 'default', 'meaning'],
    options.map(({ flags, description, argChoices, defaultValue }) => [
      code(flags),
      defaultValue === undefined ? '' : code(String(defaultValue)),
      sentence(argChoices === undefined ? description : `${description}: ${argChoices.join(', ')}`),
    ]),
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? '' : '.'}`;
}
