/** Sends the recording to a hub, in its own rhythm but faster. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventHubProducerClient } from '@azure/event-hubs';
import { readRecording } from './recording.ts';

/**
 * Sends every message with the real client, one event each, without a partition key as Azure does, so that the
 * lines of one session travel through different partitions.
 *
 * @param durationMs how long the whole recording takes
 */
export async function replay(
  connectionString: string,
  durationMs: number,
  signal: AbortSignal,
  onSent: (messages: number) => void,
): Promise<void> {
  const messages = await readRecording();
  const begin = messages[0]?.eventTime ?? 0;
  const span = Math.max(1, (messages.at(-1)?.eventTime ?? begin) - begin);
  const producer = new EventHubProducerClient(connectionString);
  const started = Date.now();
  try {
    let sent = 0;
    for (const { body, eventTime } of messages) {
      const due = started + ((eventTime - begin) / span) * durationMs;
      if (due > Date.now()) await sleep(due - Date.now(), undefined, { signal });
      await producer.sendBatch([{ body: Buffer.from(body) }]);
      onSent(++sent);
    }
  } finally {
    await producer.close();
  }
}
