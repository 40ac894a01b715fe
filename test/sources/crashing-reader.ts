/** A process that reads a hub and stores nothing: it says how many messages it was given, and waits to be killed. */
import { EventHubSource } from '../../src/sources/event-hubs.ts';

const source = new EventHubSource({
  address: { connectionString: process.env.PGVIGIL_TEST_HUB!, hub: undefined },
  consumerGroup: '$Default',
  startPosition: 'earliest',
  ingest: (messages) => {
    process.stdout.write(`${messages.length}\n`);
    return new Promise(() => {});
  },
  position: () => undefined,
  onEvent: () => {},
});
await source.start();
