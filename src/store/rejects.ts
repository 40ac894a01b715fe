/** Gives rejects another chance: what could not be decoded once may be by a newer version, or with another prefix. */
import type { DecodedMessage } from '../model/message.ts';
import type { Statement } from '../model/statement.ts';
import { storeSql } from './sql.ts';
import type { Store } from './store.ts';
import type { WritableMessage } from './writable-message.ts';
import type { StoreWriter } from './writer.ts';

const NEXT_REJECTS = storeSql('next-rejects');
const DELETE_REJECTS = storeSql('delete-rejects');

/** Rejects in one transaction. */
const PAGE = 100;

/** Place of a reject: no two have the same. */
interface Place {
  source: string;
  partition: string;
  sequence: bigint;
  /** -1: the whole message. */
  index: number;
}

type RejectRow = {
  source: string;
  partition: string;
  sequence_number: bigint;
  record_index: number | null;
  raw: Uint8Array;
};

/** What a decoder makes of the bytes of a reject. */
export type DecodeAgain = (raw: Uint8Array) => Promise<{
  decoded: DecodedMessage;
  statements: ReadonlyMap<number, Statement>;
}>;

/**
 * Decodes the rejects again and stores those that now give records; a reject leaves in the transaction in which its
 * records come. One that still cannot be decoded stays as it is.
 *
 * @param server only those of this server; null for all
 * @param signal ends it after the page under way; the rest stay rejects
 * @returns number of rejects that are none any more
 */
export async function restoreRejects(
  store: Store,
  writer: StoreWriter,
  decode: DecodeAgain,
  server: string | null,
  signal?: AbortSignal,
): Promise<number> {
  let after: Place = { source: '', partition: '', sequence: -1n, index: -2 };
  let restored = 0;
  while (signal?.aborted !== true) {
    const page = await store.rows<RejectRow>(NEXT_REJECTS, { ...after, server, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return restored;
    after = placeOf(last);
    const messages: WritableMessage[] = [];
    const places: Place[] = [];
    for (const row of page) {
      const message = await decodeReject(row, decode);
      if (message === null) continue;
      messages.push(message);
      places.push(placeOf(row));
    }
    if (messages.length === 0) continue;
    const left = JSON.stringify(places.map((place) => ({ ...place, sequence: Number(place.sequence) })));
    await writer.restore(messages, (transaction) => transaction.run(DELETE_REJECTS, { places: left }));
    restored += messages.length;
  }
  return restored;
}

function placeOf(row: RejectRow): Place {
  const { source, partition } = row;
  return { source, partition, sequence: row.sequence_number, index: row.record_index ?? -1 };
}

/** The reject as a message that holds its records in their old place; null when something of it is still rejected. */
async function decodeReject(row: RejectRow, decode: DecodeAgain): Promise<WritableMessage | null> {
  const { decoded, statements } = await decode(row.raw);
  if (decoded.rejects.length > 0 || decoded.records.length === 0) return null;
  const shift = row.record_index ?? 0;
  const records = decoded.records.map((record) => ({ ...record, index: record.index + shift }));
  return {
    position: {
      source: row.source,
      partition: row.partition,
      sequenceNumber: Number(row.sequence_number),
      offset: '',
    },
    decoded: { ...decoded, records },
    statements: new Map([...statements].map(([index, statement]) => [index + shift, statement])),
    contiguous: true,
  };
}
