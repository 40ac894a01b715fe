/**
 * Looks at the clock: whether servers, partitions, the hub and channels still give signs of life. What falls silent becomes an
 * alert, and what comes back closes it, in one transaction with their messages. A look at which nothing changed writes nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { saveChanges } from '../alerts/alert-store.ts';
import type { ChannelEvent } from '../alerts/channels/channel.ts';
import { engineFinding, SILENCE } from '../alerts/engine-findings.ts';
import { Arrivals } from '../alerts/heartbeat/arrivals.ts';
import type { HeartbeatFacts, HeartbeatLimits, HubFacts } from '../alerts/heartbeat/facts.ts';
import { HubProgress } from '../alerts/heartbeat/hub-progress.ts';
import { isHubSilent, livesOf } from '../alerts/heartbeat/lives.ts';
import { readChannels, readFronts, readSilences } from '../alerts/heartbeat/reading.ts';
import { judgeSilences, type SilenceChange } from '../alerts/heartbeat/silences.ts';
import { type AlertAction, WORKER } from '../alerts/history.ts';
import type { Notifier } from '../alerts/notifier.ts';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { EventHubSource } from '../sources/event-hubs.ts';
import type { Store, Transaction } from '../store/store.ts';

const MINUTE_MS = 60_000;
const INTERVAL_MS = 30_000;
/** Looks in the shortest of the limits at least. */
const LOOKS = 4;

export interface HeartbeatOptions {
  store: Store;
  notifier: Notifier;
  settings: Config['heartbeat'];
  /** Names of those that are configured. */
  channels: readonly string[];
  source: Pick<EventHubSource, 'source' | 'lag'>;
  /** Milliseconds since 1970-01-01 UTC. */
  now?: () => number;
  onChange?: (change: SilenceChange) => void;
  onFailure?: (error: string) => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #now: () => number;
  readonly #limits: HeartbeatLimits;
  readonly #hub: string;
  readonly #arrivals: Arrivals;
  readonly #progress = new HubProgress();
  readonly #startedAt: number;
  #hubSince: number;
  #hubWasSilent = false;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: HeartbeatOptions) {
    const { store, settings, source, now = Date.now } = options;
    this.#options = options;
    this.#now = now;
    this.#limits = {
      server: settings.serverMinutes * MINUTE_MS,
      partition: settings.partitionMinutes * MINUTE_MS,
      channel: settings.channelMinutes * MINUTE_MS,
    };
    this.#hub = hubName(source.source);
    this.#arrivals = new Arrivals(store, this.#hub);
    this.#startedAt = now();
    this.#hubSince = this.#startedAt;
  }

  /** Looks from time to time until `stop`. An error is told, and the next look comes as ever. */
  start(): void {
    const limits = Object.values(this.#limits).filter((limit) => limit > 0);
    if (limits.length > 0) this.#loop = this.#repeat(Math.min(INTERVAL_MS, Math.min(...limits) / LOOKS));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** Looks once. */
  async look(): Promise<SilenceChange[]> {
    const { store, onChange } = this.#options;
    const facts = await this.#facts();
    const lives = livesOf(facts, this.#limits);
    if (judgeSilences(lives, await readSilences(store), facts.now).length === 0) return [];
    const changes = await store.transaction(async (transaction) => {
      // Read again: a person may have closed one meanwhile.
      const changes = judgeSilences(lives, await readSilences(transaction), facts.now);
      await this.#save(transaction, changes, facts.now);
      return changes;
    });
    for (const change of changes) onChange?.(change);
    return changes;
  }

  async #repeat(intervalMs: number): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.#options.onFailure?.(messageOf(error));
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #facts(): Promise<HeartbeatFacts> {
    const { store, channels } = this.#options;
    const now = this.#now();
    const facts = {
      now,
      startedAt: this.#startedAt,
      hubSince: this.#hubSince,
      hub: await this.#hubFacts(),
      servers: await this.#arrivals.read(now),
      channels: await readChannels(store, channels),
    };
    const isSilent = isHubSilent(facts, this.#limits);
    // After a silence of the hub its servers have their time anew.
    if (this.#hubWasSilent && !isSilent) this.#hubSince = now;
    this.#hubWasSilent = isSilent;
    return { ...facts, hubSince: this.#hubSince };
  }

  async #hubFacts(): Promise<HubFacts> {
    const { store, source } = this.#options;
    const fronts = await readFronts(store, this.#hub);
    const own = new Map(
      fronts.filter((front) => front.source === source.source).map((one) => [one.partition, one]),
    );
    const elsewhere = this.#progress.note(
      new Map([...own].map(([partition, { sequenceNumber }]) => [partition, sequenceNumber])),
    );
    const lag = new Map(source.lag().map(({ partition, messages }) => [partition, messages]));
    return {
      name: this.#hub,
      lastMessage: fronts.length === 0 ? null : Math.max(...fronts.map(({ lastMessage }) => lastMessage)),
      partitions: [...new Set([...own.keys(), ...lag.keys()])].map((partition) => ({
        partition,
        lastMessage: own.get(partition)?.lastMessage ?? null,
        waiting: lag.get(partition) ?? 0,
        elsewhere: elsewhere.get(partition) ?? 0,
      })),
    };
  }

  async #save(transaction: Transaction, changes: readonly SilenceChange[], now: number): Promise<void> {
    await saveChanges(
      transaction,
      changes.map(({ alert }) => ({ alert, added: [], change: 'grown' as const, before: null })),
    );
    for (const { alert, change, what } of changes) {
      const { action, reason, events } = STEPS[change];
      const step = { action, actor: WORKER, what, reason, note: null };
      await this.#options.notifier.tell(
        transaction,
        alert,
        step,
        events,
        engineFinding(alert) ?? SILENCE,
        now,
      );
    }
  }
}

/**
 * What a change is in the life of its alert, and to the channels. Whoever heard that something is silent wants to hear that it
 * is back: chats, too, that are sent no closings. So it goes to those that are told of either.
 */
const STEPS: Readonly<
  Record<
    SilenceChange['change'],
    { action: AlertAction; reason: string | null; events: readonly ChannelEvent[] }
  >
> = {
  opened: { action: 'opened', reason: null, events: ['opened'] },
  reopened: { action: 'reopened', reason: null, events: ['opened'] },
  updated: { action: 'updated', reason: null, events: ['updated'] },
  returned: { action: 'closed', reason: 'returned', events: ['updated', 'closed'] },
  gone: { action: 'closed', reason: 'gone', events: ['quiet'] },
};

/** Without the time of its creation, see `EventHubSource.source`. */
function hubName(source: string): string {
  return source.split('@', 1)[0] ?? source;
}
