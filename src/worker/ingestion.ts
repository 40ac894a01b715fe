/** From configuration to a running ingestor: decoding, statements, and the prefixes that are found on the way. */

import { keptBytes } from '../decode/message.ts';
import type { FoundPrefix } from '../decode/prefix/finder.ts';
import type { DecodedMessage } from '../model/message.ts';
import type { Statement } from '../model/statement.ts';
import { statementOfMessage } from '../statements/message-features.ts';
import { StatementReader } from '../statements/statement-reader.ts';
import { readMeta, writeMeta } from '../store/meta.ts';
import { readFoundPrefixes, saveFoundPrefix } from '../store/prefixes.ts';
import { restoreRejects } from '../store/rejects.ts';
import { recentTemplates } from '../store/statements.ts';
import type { Store } from '../store/store.ts';
import type { StoreWriter } from '../store/writer.ts';
import { VERSION } from '../version.ts';
import { type IngestLimits, Ingestor, type IngestorOptions } from './ingestor.ts';
import { PrefixBook } from './prefix-book.ts';

/** Key of the data folder's meta values. */
const DECODER = 'rejects_decoder';

export interface IngestionEvents extends Pick<IngestorOptions, 'onCommit' | 'onRefused'> {
  /** A log_line_prefix was found from the lines; `restored` rejects could be decoded with it. */
  onPrefix?: (found: FoundPrefix, restored: number) => void;
  /** A statement that the parser could not take; it was judged by its tokens. */
  onParserFailure?: (reason: string, length: number) => void;
  /** Rejects of earlier runs that could be decoded by now. */
  onRestored?: (rejects: number) => void;
}

/**
 * An ingestor that decodes with the given log_line_prefix values and those that it finds, and parses every statement.
 * First gives earlier rejects another chance, if this version or the values are new to the data folder.
 *
 * @param shared a reader of statements that serves several ingestors; the caller closes it
 */
export async function createIngestor(
  store: Store,
  writer: StoreWriter,
  logLinePrefixes: readonly string[],
  limits: IngestLimits,
  events: IngestionEvents,
  shared?: StatementReader,
): Promise<Ingestor> {
  if (shared !== undefined)
    return ingestorWith(shared, store, writer, logLinePrefixes, limits, events, async () => undefined);
  const reader = await StatementReader.start({
    onFailure: (reason, { text }) => events.onParserFailure?.(reason, text.length),
  });
  try {
    reader.warm(await recentTemplates(store));
    return await ingestorWith(reader, store, writer, logLinePrefixes, limits, events, () => reader.close());
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function ingestorWith(
  reader: StatementReader,
  store: Store,
  writer: StoreWriter,
  logLinePrefixes: readonly string[],
  limits: IngestLimits,
  events: IngestionEvents,
  close: () => Promise<void>,
): Promise<Ingestor> {
  const book = new PrefixBook(logLinePrefixes, await readFoundPrefixes(store));
  const restore = (server: string | null, signal: AbortSignal) =>
    restoreRejects(store, writer, (raw) => decodeAgain(raw, book, reader, signal), server, signal);

  // What rejects were last decoded with; found prefixes count too, in case the process ended before they were used.
  const decoder = async () => {
    const found = (await readFoundPrefixes(store)).map(({ server, format }) => [server, format]).sort();
    return JSON.stringify([VERSION, logLinePrefixes, found]);
  };
  if ((await readMeta(store, DECODER)) !== (await decoder())) {
    const restored = await restore(null, new AbortController().signal);
    await writeMeta(store, DECODER, await decoder());
    if (restored > 0) events.onRestored?.(restored);
  }

  const news: FoundPrefix[] = [];
  const { onPrefix, onCommit, onRefused } = events;
  return new Ingestor({
    writer,
    decode: (body) => book.decode(body),
    statements: (decoded) => statementsOf(decoded, reader),
    close,
    redactBytes: (body) => keptBytes(body),
    limits,
    ...(onCommit && { onCommit }),
    ...(onRefused && { onRefused }),
    afterCommit: async (signal) => {
      news.push(...book.takeNews());
      for (let found = news[0]; found !== undefined; found = news[0]) {
        await saveFoundPrefix(store, found.server, found.format);
        const restored = await restore(found.server, signal);
        // What is left waits for the next start, which sees that it was not finished.
        if (signal.aborted) return;
        await writeMeta(store, DECODER, await decoder());
        news.shift();
        onPrefix?.(found, restored);
      }
    },
  });
}

/** What the bytes of a reject give by now; nothing once `signal` is aborted, so that it stays as it is. */
async function decodeAgain(
  raw: Uint8Array,
  book: PrefixBook,
  reader: StatementReader,
  signal: AbortSignal,
): Promise<{ decoded: DecodedMessage; statements: Map<number, Statement> }> {
  const nothing = { decoded: { records: [], rejects: [], unexplained: [] }, statements: new Map() };
  if (signal.aborted) return nothing;
  const decoded = book.decode(raw);
  let giveUp = () => {};
  const aborted = new Promise<null>((resolve) => {
    giveUp = () => resolve(null);
    signal.addEventListener('abort', giveUp);
  });
  const read = await Promise.race([statementsOf([decoded], reader), aborted]);
  signal.removeEventListener('abort', giveUp);
  return read === null ? nothing : { decoded, statements: read[0]! };
}

/** The statements of each message, by record index. */
async function statementsOf(
  messages: readonly DecodedMessage[],
  reader: StatementReader,
): Promise<Map<number, Statement>[]> {
  const unknown: { text: string; index: number; of: Map<number, Statement> }[] = [];
  const all = messages.map(({ records }) => {
    const of = new Map<number, Statement>();
    for (const { index, fact } of records) {
      if (fact?.kind !== 'audit' && fact?.kind !== 'failure') continue;
      if (fact.statement !== null) {
        const known = reader.known(fact.statement);
        if (known === undefined) unknown.push({ text: fact.statement, index, of });
        else of.set(index, known);
      } else if (fact.kind === 'failure') {
        of.set(index, statementOfMessage(fact.sqlstate, fact.message));
      }
    }
    return of;
  });
  if (unknown.length > 0) {
    const read = await reader.read(unknown.map(({ text }) => text));
    for (const { text, index, of } of unknown) of.set(index, read.get(text)!);
  }
  return all;
}
