/** How people hear of alerts and answer them: the outbox and its channels, the desk, links, and the heartbeat. */
import { LinkedChannel } from '../alerts/channels/linked.ts';
import type { OpenChannel } from '../alerts/channels/open.ts';
import { Deliverer } from '../alerts/delivery.ts';
import { AlertDesk } from '../alerts/desk.ts';
import type { Links } from '../alerts/links.ts';
import { Notifier } from '../alerts/notifier.ts';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import { Heartbeat, type HeartbeatOptions } from './heartbeat.ts';
import { type LinksServer, startLinksServer } from './links-server.ts';
import { reportSilence } from './reporting.ts';

export interface TellingOptions {
  store: Store;
  config: Config;
  channels: readonly OpenChannel[];
  /** Makes and reads the links of messages; undefined where none are configured. */
  links: Links | undefined;
  /** Whose silence is noticed. */
  source: HeartbeatOptions['source'];
  log: Log;
}

export class Telling {
  readonly notifier: Notifier;
  readonly desk: AlertDesk;
  readonly #options: TellingOptions;
  readonly #deliverer: Deliverer;
  readonly #heartbeat: Heartbeat;
  #linksServer: LinksServer | undefined;

  constructor(options: TellingOptions) {
    const { store, config, channels, links, source, log } = options;
    this.#options = options;
    this.notifier = new Notifier({
      routes: channels.map(({ route }) => route),
      serverTags: config.serverTags,
    });
    this.desk = new AlertDesk({
      store,
      notifier: this.notifier,
      detectorFolders: config.detection.detectorFolders,
    });
    this.#deliverer = new Deliverer({
      store,
      channels: channels.map(({ channel, hasLinks }) =>
        links !== undefined && hasLinks ? new LinkedChannel(channel, links) : channel,
      ),
      log,
    });
    this.#heartbeat = new Heartbeat({
      store,
      notifier: this.notifier,
      settings: config.heartbeat,
      channels: channels.map(({ channel }) => channel.name),
      source,
      onChange: (change) => reportSilence(log, change),
      onFailure: (error) => log.error({ error }, 'the heartbeat could not be looked at; it is tried again'),
    });
  }

  /** Before the hub has answered: one that does not is silent, too. @throws PgvigilError CONFIG_INVALID for a port that is taken */
  async start(): Promise<void> {
    const { store, config, links, log } = this.#options;
    if (links !== undefined && config.links !== undefined) {
      this.#linksServer = await startLinksServer({ ...config.links, links, store, desk: this.desk, log });
    }
    this.#deliverer.start();
    this.#heartbeat.start();
  }

  /** Waits until nothing is due in the outbox, or the deadline. */
  async flush(deadlineMs: number): Promise<void> {
    await this.#deliverer.flush(deadlineMs);
  }

  /** Attempts under way are recorded. */
  async stop(): Promise<void> {
    await this.#heartbeat.stop();
    await this.#deliverer.stop();
    await this.#linksServer?.close();
  }
}
