/** From configuration to a running ingestor: decoding, statements, and the prefixes that are found on the way. */

import type { FoundPrefix } from '../decode/prefix/finder.ts';
import { redactBytes } from '../decode/redaction/redact.ts';
import type { DecodedMessage, LogRecord, StatementFeatures } from '../model.ts';
import { StatementCache } from '../statements/cache.ts';
import { featuresFromMessage } from '../statements/message-features.ts';
import { loadParser } from '../statements/parser.ts';
import { readMeta, writeMeta } from '../store/meta.ts';
import { readFoundPrefixes, saveFoundPrefix } from '../store/prefixes.ts';
import { restoreRejects } from '../store/rejects.ts';
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
  /** Rejects of earlier runs that could be decoded by now. */
  onRestored?: (rejects: number) => void;
}

/**
 * An ingestor that decodes with the given log_line_prefix values and those that it finds, and parses every statement.
 * First gives earlier rejects another chance, if this version or the values are new to the data folder.
 */
export async function createIngestor(
  store: Store,
  writer: StoreWriter,
  logLinePrefixes: readonly string[],
  limits: IngestLimits,
  events: IngestionEvents,
): Promise<Ingestor> {
  await loadParser();
  const book = new PrefixBook(logLinePrefixes, await readFoundPrefixes(store));
  const statements = new StatementCache();
  const featuresOfAll = ({ records }: DecodedMessage) => {
    const features = new Map<number, StatementFeatures>();
    for (const record of records) {
      const found = featuresOf(record, statements);
      if (found !== null) features.set(record.index, found);
    }
    return features;
  };
  const decodeAgain = (raw: Uint8Array) => {
    const decoded = book.decode(raw);
    return { decoded, features: featuresOfAll(decoded) };
  };
  const restore = (server: string | null, signal?: AbortSignal) =>
    restoreRejects(store, writer, decodeAgain, server, signal);

  // What rejects were last decoded with; found prefixes count too, in case the process ended before they were used.
  const decoder = async () => {
    const found = (await readFoundPrefixes(store)).map(({ server, format }) => [server, format]).sort();
    return JSON.stringify([VERSION, logLinePrefixes, found]);
  };
  if ((await readMeta(store, DECODER)) !== (await decoder())) {
    const restored = await restore(null);
    await writeMeta(store, DECODER, await decoder());
    if (restored > 0) events.onRestored?.(restored);
  }

  const news: FoundPrefix[] = [];
  const { onPrefix, onCommit, onRefused } = events;
  return new Ingestor({
    writer,
    decode: (body) => book.decode(body),
    features: featuresOfAll,
    redactBytes,
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

function featuresOf(record: LogRecord, statements: StatementCache): StatementFeatures | null {
  const { fact } = record;
  if (fact?.kind === 'audit') return fact.statement === null ? null : statements.features(fact.statement);
  if (fact?.kind !== 'failure') return null;
  return fact.statement === null
    ? featuresFromMessage(fact.sqlstate, fact.message)
    : statements.features(fact.statement);
}
