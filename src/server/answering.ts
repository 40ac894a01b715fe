/** The forms of an answer: streams of NDJSON and CSV, and pages of JSON. */
import { parseAccept } from 'hono/utils/accept';
import { printableJson } from '../printable.ts';
import { formatRows } from '../query/formats.ts';
import type { AskedQuery } from './asked-query.ts';
import type { Exchange } from './exchange.ts';
import { DEFECT, failureOf } from './failure.ts';
import type { OpenAnswer, OpenAnswers } from './open-answers.ts';

export const MEDIA_TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
} as const;
export type AnswerFormat = keyof typeof MEDIA_TYPES;

/** Text that is handed to the connection at once. */
const CHUNK_LENGTH = 64 * 1024;
/** A page ends earlier when it has become so long. */
const PAGE_LENGTH = 4 * 1024 * 1024;

export function jsonResponse(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(`${printableJson(JSON.stringify(value))}\n`, {
    status,
    headers: { ...headers, 'content-type': MEDIA_TYPES.json },
  });
}

/** The form that a client asks for; JSON where it names none of them. */
export function formatFor(accept: string | undefined): AnswerFormat {
  const names = Object.keys(MEDIA_TYPES) as AnswerFormat[];
  for (const { type } of parseAccept(accept ?? '')) {
    const found = names.find((name) => MEDIA_TYPES[name] === type.toLowerCase());
    if (found !== undefined) return found;
  }
  return 'json';
}

export function streamed(query: AskedQuery, format: 'ndjson' | 'csv', exchange: Exchange): Response {
  query.endWith(exchange.gone);
  const pieces = format === 'csv' ? csvText(query, exchange) : ndjsonText(query);
  const type = format === 'csv' ? `${MEDIA_TYPES.csv}; charset=utf-8; header=present` : MEDIA_TYPES.ndjson;
  return new Response(streamOf(pieces, exchange), {
    headers: {
      'content-type': type,
      ...(format === 'csv' && exchange.announceTrailers(['x-pgvigil-rows', 'x-pgvigil-cut'])),
    },
  });
}

/** One page; `next` is the cursor of the one after it. */
export async function page(answer: OpenAnswer, open: OpenAnswers, exchange: Exchange): Promise<Response> {
  const { query, pageSize } = answer;
  const release = query.endWith(exchange.gone);
  try {
    const rows: string[] = [];
    let length = 0;
    while (rows.length < pageSize && length < PAGE_LENGTH) {
      const row = await query.next();
      if (row === null) break;
      const text = printableJson(JSON.stringify(row));
      length += text.length;
      rows.push(text);
    }
    const next = (await query.isAtEnd()) ? null : open.keep(answer);
    const columns = printableJson(JSON.stringify(query.columns));
    const cut = next === null ? query.cut : null;
    const end = `"next":${JSON.stringify(next)},"cut":${JSON.stringify(cut)}`;
    return new Response(`{"columns":${columns},"rows":[\n${rows.join(',\n')}\n],${end}}\n`, {
      headers: { 'content-type': MEDIA_TYPES.json },
    });
  } finally {
    release();
  }
}

/** The last line says that it is whole, or why it is not: a stream that ends without one was torn off. */
async function* ndjsonText(query: AskedQuery): AsyncGenerator<string> {
  yield line({ columns: query.columns });
  try {
    for await (const row of query.rows()) yield line({ row });
    yield line({ end: { rows: query.taken, cut: query.cut } });
  } catch (error) {
    yield line((failureOf(error) ?? DEFECT).body);
  }
}

function line(value: unknown): string {
  return `${printableJson(JSON.stringify(value))}\n`;
}

/** CSV has no place for an error: the connection breaks, and trailers say what is missing from an answer that is whole. */
async function* csvText(query: AskedQuery, exchange: Exchange): AsyncGenerator<string> {
  const rows = { columns: query.columns, rows: query.rows() };
  yield* formatRows(rows, 'csv', { terminalWidth: null });
  exchange.addTrailers({ 'x-pgvigil-rows': String(query.taken), 'x-pgvigil-cut': query.cut ?? 'none' });
}

/** Asks for the next piece when the connection has taken the one before. */
function streamOf(pieces: AsyncGenerator<string>, exchange: Exchange): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        exchange.keepClientWaiting();
        const parts: string[] = [];
        let length = 0;
        let isDone = false;
        try {
          while (length < CHUNK_LENGTH && !isDone) {
            const { done, value } = await pieces.next();
            isDone = done === true;
            if (value === undefined) continue;
            parts.push(value);
            length += value.length;
          }
        } catch {
          // The query has said to the audit why.
          exchange.cutOff();
          return;
        }
        exchange.awaitClient();
        if (length > 0) controller.enqueue(encoder.encode(parts.join('')));
        if (isDone) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
