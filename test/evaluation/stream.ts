/** Lines as Azure sends them: messages of one server, in order of time. */
import type { SourceMessage } from '../../src/model/message.ts';
import { type LogLine, recordOf } from './server.ts';

/** Records of one message; Azure's limit is its size. */
const PER_MESSAGE = 400;

/** Messages of the lines, numbered from `sequenceNumber` on. */
export function messagesOf(lines: readonly LogLine[], sequenceNumber: number): SourceMessage[] {
  const messages: SourceMessage[] = [];
  for (const server of new Set(lines.map((line) => line.server))) {
    const own = lines.filter((line) => line.server === server);
    for (let start = 0; start < own.length; start += PER_MESSAGE) {
      const records = own.slice(start, start + PER_MESSAGE).map(recordOf);
      const number = sequenceNumber + messages.length;
      messages.push({
        ...{ source: 'evaluation', partition: '0', sequenceNumber: number, offset: String(number) },
        body: Buffer.from(JSON.stringify({ records })),
      });
    }
  }
  return messages;
}
