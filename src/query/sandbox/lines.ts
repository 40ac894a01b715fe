/** Lines of a stream, of a limited length. */
import type { Readable } from 'node:stream';

/** @throws Error when a line is longer than `maxBytes` */
export async function* linesOf(stream: Readable, maxBytes: number): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    let rest = piece;
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      yield Buffer.concat([...pieces, rest.subarray(0, at)]).toString();
      pieces = [];
      length = 0;
      rest = rest.subarray(at + 1);
    }
    length += rest.length;
    if (length > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`);
    pieces.push(rest);
  }
}
