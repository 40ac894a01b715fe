/** Reads a file of Event Hubs Capture from where the store stands. */
import { AvroDamage } from './avro-file.ts';
import type { CaptureRun } from './capture-coverage.ts';
import { captureEvents } from './capture-events.ts';
import type { Chunk } from './chunks.ts';
import { partitionOf, type Stored } from './generations.ts';
import { markText } from './mark.ts';
import type { Placed } from './placed.ts';
import { isChange } from './refusal.ts';

/** The service writes such files once; one that changes this often is something else. */
const MAX_CHANGES = 20;

export interface EventBlob {
  /** The file as it was listed; throws HTTP 412 when it has changed. */
  chunks: AsyncIterable<Chunk>;
  /** The file as it is by now. */
  again: () => AsyncIterable<Chunk>;
  /** Where its events belong, told by the number of the first. */
  run: (first: number) => CaptureRun;
  /** Events are numbered by their place in the file, not in the hub. */
  countsFromZero: boolean;
  /** The file is cut or damaged, or no capture file. */
  onDamage: (reason: string) => void;
}

/**
 * The events that are not stored yet.
 *
 * @throws the client's errors; HTTP 412 when the file changes too often
 */
export async function* readEvents(blob: EventBlob): AsyncGenerator<Placed> {
  let run: CaptureRun | undefined;
  let last = -1;
  let { chunks } = blob;
  for (let changes = 0; ; chunks = blob.again()) {
    try {
      let index = 0;
      for await (const event of captureEvents(bytesOf(chunks))) {
        const sequenceNumber = blob.countsFromZero ? index++ : event.sequenceNumber;
        if (run === undefined) {
          run = blob.run(sequenceNumber);
          last = run.after;
        }
        if (sequenceNumber <= last) continue;
        last = sequenceNumber;
        run.stored(sequenceNumber);
        const { source, partition, offset } = run;
        yield { source, partition, sequenceNumber, body: event.body, offset };
      }
      return;
    } catch (error) {
      if (error instanceof AvroDamage) {
        blob.onDamage(error.message);
        return;
      }
      if (!isChange(error) || ++changes > MAX_CHANGES) throw error;
    }
  }
}

/** The run of a file whose name says nothing of a hub: the file alone. */
export function ownRun(
  source: string,
  name: string,
  { generation, mark, sequenceNumber }: Stored,
  etag: string,
): CaptureRun {
  const isSame = mark !== null && mark.etag === etag;
  const isNext = mark !== null && !isSame;
  const mine = { end: 0, layout: 'lines' as const, packed: false, created: 0, digest: '', etag };
  return {
    source,
    partition: partitionOf(name, isNext ? generation + 1 : generation),
    after: isSame ? sequenceNumber : -1,
    offset: (settled) => markText({ ...mine, settled }),
    stored: () => undefined,
  };
}

async function* bytesOf(chunks: AsyncIterable<Chunk>): AsyncGenerator<Buffer> {
  for await (const { bytes } of chunks) yield bytes;
}
