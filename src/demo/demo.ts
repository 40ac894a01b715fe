/**
 * The demo: a loopback hub, the replay of the recording, the worker and a webhook receiver in one process.
 *
 * Only the hub and the receiver stand in for what cannot run here (Azure, and your receiver); the worker and the
 * Event Hubs client are those of `pgvigil run`.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openChannel } from '../alerts/channels/open.ts';
import { parseSecret } from '../alerts/signature.ts';
import { type ChannelOptions, loadConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { Worker } from '../worker/worker.ts';
import { LoopbackHub } from './hub/hub.ts';
import { type ReceivedAlert, WebhookReceiver } from './receiver.ts';
import { type Labels, readLabels } from './recording.ts';
import { replay } from './replay.ts';
import { judgeAlerts, type Verdict } from './verdict.ts';

/** The recording spans about two minutes; the demo shows it in this time. */
const REPLAY_MS = 18_000;
/** After the replay: time for the last records to be stored, judged and delivered. */
const SETTLE_MS = 25_000;
const POLL_MS = 250;

export interface DemoOptions {
  dataDir: string;
  log: Log;
  signal: AbortSignal;
  onReady: (dataDir: string) => void;
  onProgress: (sent: number, records: number) => void;
  onAlert: (alert: ReceivedAlert) => void;
}

export interface DemoResult {
  verdict: Verdict;
  labels: Labels;
  records: number;
  rejects: number;
  /** Alerts as delivered, the last message of each. */
  delivered: number;
  seconds: number;
}

/** What a user would write into the configuration for this receiver. */
function channelTo(url: string): ChannelOptions {
  return {
    name: 'demo',
    type: 'webhook',
    url,
    secret: { env: 'DEMO_SECRET' },
    minSeverity: 'low',
    allowPrivate: ['127.0.0.1'],
  };
}

export class Demo {
  readonly worker: Worker;
  readonly #hub: LoopbackHub;
  readonly #receiver: WebhookReceiver;
  readonly #options: DemoOptions;

  private constructor(worker: Worker, hub: LoopbackHub, receiver: WebhookReceiver, options: DemoOptions) {
    this.worker = worker;
    this.#hub = hub;
    this.#receiver = receiver;
    this.#options = options;
  }

  /** Starts hub, receiver and worker on free ports. */
  static async start(options: DemoOptions): Promise<Demo> {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const receiver = new WebhookReceiver({ secrets: [parseSecret(secret)] });
    receiver.on('alert', options.onAlert);
    const url = await receiver.start();
    const hub = await LoopbackHub.start();
    try {
      const config = await loadConfig({ flags: { data: options.dataDir }, env: {}, cwd: options.dataDir });
      const worker = await Worker.start({
        config: { ...config, detection: { ...config.detection, intervalMs: 500, latenessMs: 2_000 } },
        hub: { address: { connectionString: hub.connectionString, hub: undefined } },
        channels: [await openChannel(channelTo(url), () => Promise.resolve(secret))],
        log: options.log,
      });
      options.onReady(options.dataDir);
      return new Demo(worker, hub, receiver, options);
    } catch (error) {
      await hub.close();
      await receiver.stop();
      throw error;
    }
  }

  /** Replays the recording and waits until everything labelled was delivered, or time is up. */
  async play(): Promise<DemoResult> {
    const { signal, onProgress } = this.#options;
    const started = Date.now();
    const labels = await readLabels();
    await replay(this.#hub.connectionString, REPLAY_MS, signal, (sent) =>
      onProgress(sent, this.worker.status().records),
    );
    const deadline = Date.now() + SETTLE_MS;
    let verdict = this.#verdict(labels);
    while (Date.now() < deadline && !signal.aborted) {
      const { records, rejects } = this.worker.status();
      const complete = verdict.attacks.every(({ missed }) => missed.length === 0);
      if (complete && records + rejects >= labels.records) break;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      verdict = this.#verdict(labels);
    }
    // A false alarm may come late: give detection one more look at the whole.
    await sleep(3_000, undefined, { signal }).catch(() => undefined);
    const { records, rejects } = this.worker.status();
    return {
      verdict: this.#verdict(labels),
      labels,
      records,
      rejects,
      delivered: this.#latest().size,
      seconds: (Date.now() - started) / 1000,
    };
  }

  /** Stops the worker first, so that it does not see the hub go away. */
  async stop(): Promise<void> {
    await this.worker.stop();
    await this.#hub.close();
    await this.#receiver.stop();
  }

  #latest(): Map<string, ReceivedAlert> {
    return new Map(this.#receiver.alerts.map((alert) => [String(alert.data.id), alert]));
  }

  /** Judged by what the receiver got: an alert that did not arrive does not count. */
  #verdict(labels: Labels): Verdict {
    return judgeAlerts(
      labels,
      [...this.#latest().values()].map(({ data }) => ({
        id: String(data.id),
        detector: String(data.detector),
        sessions: data.sessions as string[],
      })),
    );
  }
}
