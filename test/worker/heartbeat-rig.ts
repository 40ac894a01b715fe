/** A heartbeat over a real store, with a clock that the tests move, a hub and receivers that do as they are told. */
import type { TestContext } from 'node:test';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { AlertDesk } from '../../src/alerts/desk.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import type { PartitionLag } from '../../src/sources/event-hubs.ts';
import { timestamp } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { Heartbeat } from '../../src/worker/heartbeat.ts';
import { logRecord, message, T0, temporaryStore } from '../store/support.ts';

export const MINUTE = 60_000;
export const HUB = 'eventhub:test/logs/$Default';

export class Rig {
  readonly store: Store;
  readonly notifier = new Notifier({
    routes: [
      { name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS },
      // As a chat has it unless the configuration says otherwise.
      { name: 'chat', minSeverity: 'info', events: ['opened', 'updated'] },
    ],
  });
  now = T0;
  source = `${HUB}@2026-01-01T00:00:00.000Z`;
  lag: PartitionLag[] = [];
  /** Channels whose receivers are there. */
  taking: string[] = ['soc', 'chat'];
  #heartbeat: Heartbeat;
  #writer: Promise<StoreWriter> | undefined;
  readonly #told = new Set<string>();
  readonly #sequence = new Map<string, number>();

  constructor(store: Store) {
    this.store = store;
    this.#heartbeat = this.#begin();
  }

  static async open(t: TestContext): Promise<Rig> {
    return new Rig(await temporaryStore(t));
  }

  #begin(): Heartbeat {
    const rig = this;
    return new Heartbeat({
      store: this.store,
      notifier: this.notifier,
      settings: { serverMinutes: 30, partitionMinutes: 60, channelMinutes: 15 },
      channels: ['soc', 'chat'],
      source: {
        get source() {
          return rig.source;
        },
        lag: () => this.lag,
      },
      now: () => this.now,
    });
  }

  /** As a worker that was stopped and started. */
  restart(): void {
    this.#heartbeat = this.#begin();
  }

  /** A message of a partition with a record of a server arrives, at once. */
  async arrives(server: string, partition = '0', category = 'PostgreSQLLogs'): Promise<void> {
    this.#writer ??= StoreWriter.create(this.store, () => this.now);
    const writer = await this.#writer;
    const sequenceNumber = (this.#sequence.get(partition) ?? 0) + 1;
    this.#sequence.set(partition, sequenceNumber);
    const { position, ...rest } = message(sequenceNumber, {
      partition,
      records: [logRecord(null, { server, category, eventTime: this.now })],
    });
    await writer.commit([{ ...rest, position: { ...position, source: this.source } }]);
  }

  /** Lets time pass, in which a server sends every ten minutes if one is named, and looks as often. */
  async pass(milliseconds: number, server: string | null = 'pg-2', partition = '0'): Promise<string[]> {
    const changes: string[] = [];
    for (const end = this.now + milliseconds; this.now < end; ) {
      this.now = Math.min(end, this.now + 10 * MINUTE);
      if (server !== null) await this.arrives(server, partition);
      changes.push(...(await this.look()));
      for (const channel of this.taking) await this.take(channel);
    }
    return changes;
  }

  async look(): Promise<string[]> {
    const changes = await this.#heartbeat.look();
    return changes.map(({ change, alert }) => `${change} ${alert.entity}`);
  }

  /** What was put into the outbox about silences since this was asked last. */
  async told(): Promise<string[]> {
    const rows = await this.store.rows<{ id: string; channel: string; body: string }>(
      `SELECT delivery_id AS id, channel, body FROM store.outbox
       WHERE (body->>'$.data.detector') = 'G02' ORDER BY created_at, rowid`,
    );
    const fresh = rows.filter(({ id }) => !this.#told.has(id));
    for (const { id } of fresh) this.#told.add(id);
    return fresh.map(({ channel, body }) => {
      const { type, data } = JSON.parse(body);
      return `${channel}: ${type} ${data.entity}${data.change === null ? '' : `, ${data.change.what}`}`;
    });
  }

  /** A channel takes what waits for it. */
  async take(channel: string): Promise<void> {
    await this.store.transaction((transaction) =>
      transaction.run(
        `UPDATE store.outbox SET state = 'delivered', finished_at = $now
         WHERE state = 'pending' AND channel = $channel`,
        { now: timestamp(this.now), channel },
      ),
    );
  }

  async id(): Promise<string> {
    const [row] = await this.store.rows<{ id: string }>(
      "SELECT alert_id AS id FROM store.alerts WHERE detector = 'G02' ORDER BY created_at DESC LIMIT 1",
    );
    return row?.id ?? '';
  }

  desk(): AlertDesk {
    return new AlertDesk({
      store: this.store,
      notifier: this.notifier,
      detectorFolders: [],
      now: () => this.now,
    });
  }
}
