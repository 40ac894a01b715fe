/** The real worker as a process of its own: `pgvigil run` against a loopback hub and a webhook receiver. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSecret } from '../../src/alerts/signature.ts';
import { LoopbackHub } from '../../src/demo/hub/hub.ts';
import { WebhookReceiver } from '../../src/demo/receiver.ts';
import { packagePath } from '../../src/paths.ts';
import { openReader } from '../../src/query/reader.ts';
import type { Cell } from '../../src/query/values.ts';
import { CLI } from './cli.ts';

/** Everything that a worker needs around it, and the worker as often as it is started. */
export class WorkerRig {
  readonly folder: string;
  readonly dataDir: string;
  readonly hub: LoopbackHub;
  readonly receiver: WebhookReceiver;
  /** What the workers wrote to standard error. */
  log = '';
  readonly #secret: string;
  #child: ChildProcess | undefined;

  private constructor(folder: string, hub: LoopbackHub, receiver: WebhookReceiver, secret: string) {
    this.folder = folder;
    this.dataDir = join(folder, 'data');
    this.hub = hub;
    this.receiver = receiver;
    this.#secret = secret;
  }

  static async create(settings: Record<string, unknown> = {}): Promise<WorkerRig> {
    const folder = await mkdtemp(join(tmpdir(), 'pgvigil-rig-'));
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const receiver = new WebhookReceiver({ secrets: [parseSecret(secret)] });
    const url = await receiver.start();
    const rig = new WorkerRig(folder, await LoopbackHub.start(), receiver, secret);
    const config = {
      eventHub: { connectionString: { env: 'PGVIGIL_EVENTHUB' } },
      ingest: { maxRecords: 150, maxDelayMs: 20 },
      detection: { intervalMs: 150, latenessMs: 1_000 },
      channels: [
        { name: 'soc', type: 'webhook', url, secret: { env: 'SOC_SECRET' }, allowPrivate: ['127.0.0.1'] },
      ],
      ...settings,
    };
    await writeFile(join(folder, 'pgvigil.yaml'), JSON.stringify(config)); // JSON is YAML
    return rig;
  }

  start(): void {
    const child = spawn(process.execPath, [CLI, 'run', '--config', join(this.folder, 'pgvigil.yaml')], {
      cwd: packagePath('.'),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        PGVIGIL_DATA: this.dataDir,
        PGVIGIL_EVENTHUB: this.hub.connectionString,
        SOC_SECRET: this.#secret,
      },
    });
    child.stderr?.on('data', (chunk) => {
      this.log += String(chunk);
    });
    this.#child = child;
  }

  /** Ends the worker with a signal; its exit code, null when the signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    const [code] = await exit;
    this.#child = undefined;
    return code as number | null;
  }

  /** Rows of a query over the data folder, whether a worker runs or not. */
  async rows(sql: string): Promise<Cell[][]> {
    const reader = await openReader(this.dataDir);
    try {
      const rows: Cell[][] = [];
      for await (const row of (await reader.trusted(sql)).rows) rows.push(row);
      return rows;
    } finally {
      await reader.close();
    }
  }

  /** Waits until the query gives `expected`, asking again while the worker starts or is busy. */
  async until(sql: string, expected: Cell, deadlineMs = 60_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    let last: unknown;
    while (Date.now() < deadline) {
      try {
        last = (await this.rows(sql))[0]?.[0];
        if (last === expected) return;
      } catch (error) {
        last = error;
      }
      await sleep(200);
    }
    throw new Error(`${sql}: expected ${String(expected)}, last was ${String(last)}\n${this.log}`);
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    await this.hub.close();
    await this.receiver.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
