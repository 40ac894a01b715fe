/** Reads standard input, once. */
import type { SourceMessage } from '../../model/message.ts';
import type { Reading } from '../history.ts';
import { type Progress, peek, streamContent } from './content.ts';
import { candidatesFor, startOf } from './cursor.ts';
import { checkZone, type FileBatch, type FileOptions } from './file-reader.ts';
import { HEAD_BYTES, type ToldFormat, tellFormat } from './format.ts';
import type { LogClock } from './log-time.ts';
import { LineSplitter } from './splitter.ts';

/**
 * Everything in a stream. Nothing can be read of it twice, to see what of it is stored: each run is a stream of its own, and
 * the store leaves out the records of which it has a copy. What ends it without a line end is an entry, too: no more comes.
 *
 * @throws PgvigilError FILE_UNREADABLE, after all that could be read
 */
export async function* readStream(
  stream: AsyncIterable<Uint8Array>,
  title: string,
  { server, clock, batchBytes }: FileOptions,
  { position, signal }: Pick<Reading, 'position' | 'signal'>,
): AsyncGenerator<FileBatch> {
  const progress: Progress = { bytes: 0 };
  const { head, all, close } = await peek(streamContent(stream, title, progress), HEAD_BYTES);
  const { format } = await tell(head, clock, title, close);
  const cursor = startOf(candidatesFor(firstLine(head), position).next);
  const splitter = format.splitter(0);
  let messages: SourceMessage[] = [];
  let size = 0;
  let failure: unknown = null;
  try {
    for await (const chunk of all) {
      if (signal.aborted) return;
      for (const entry of splitter.push(chunk)) {
        const place = cursor.pass(entry);
        if (place === null) continue;
        const body = format.body(entry, server, clock);
        messages.push({ ...place, body });
        size += body.length;
        if (size < batchBytes) continue;
        yield { messages, bytesRead: progress.bytes };
        messages = [];
        size = 0;
      }
    }
  } catch (error) {
    failure = error;
  }
  // A row that only lacks its line end has it now.
  const last = splitter.push(LINE_END);
  for (const entry of [...last, ...splitter.rest().map((rest) => rest.entry)]) {
    const place = cursor.pass(entry);
    if (place !== null) messages.push({ ...place, body: format.body(entry, server, clock) });
  }
  if (messages.length > 0) yield { messages, bytesRead: progress.bytes };
  if (failure !== null) throw failure;
}

/** Closes the stream where its times cannot be told: whoever writes into it would wait for ever. */
async function tell(
  head: Buffer,
  clock: LogClock,
  title: string,
  close: () => Promise<void>,
): Promise<ToldFormat> {
  try {
    return checkZone(tellFormat(head), clock, title);
  } catch (error) {
    await close();
    throw error;
  }
}

const LINE_END = Buffer.from('\n');

/** Of a line that is longer than the head, its head. */
function firstLine(head: Buffer): Buffer {
  const [first] = new LineSplitter(0)
    .push(Buffer.concat([head, LINE_END]))
    .filter(({ bytes }) => bytes.length > 0);
  return first?.bytes ?? Buffer.alloc(0);
}
