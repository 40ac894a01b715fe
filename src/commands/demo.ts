/** `pgvigil demo`: see it work, without Azure and without a database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Demo, type DemoResult } from '../demo/demo.ts';
import type { ReceivedAlert } from '../demo/receiver.ts';
import { PgvigilError } from '../errors.ts';
import { createLog } from '../log.ts';
import { printable } from '../printable.ts';
import { stopSignal } from './context.ts';

export interface DemoCommandOptions {
  headless?: boolean | undefined;
  keep?: string | undefined;
  logLevel?: string | undefined;
}

/** How the reader calls us: by npm in a clone, by name where it is installed. */
const PGVIGIL = process.env.npm_lifecycle_event === undefined ? 'pgvigil' : 'npx pgvigil';

const COLOURS: Record<string, string> = { critical: '41;97', high: '31', medium: '33', low: '36', info: '2' };

/** @throws PgvigilError DEMO_FAILED when a labelled attack was missed, or ordinary work was reported */
export async function demoCommand(options: DemoCommandOptions): Promise<void> {
  const screen = new Screen(process.stdout);
  const dataDir =
    options.keep === undefined ? await mkdtemp(join(tmpdir(), 'pgvigil-demo-')) : resolve(options.keep);
  const abort = new AbortController();
  const stopped = stopSignal().then(() => abort.abort());
  screen.intro();
  let demo: Demo | undefined;
  try {
    demo = await Demo.start({
      dataDir,
      signal: abort.signal,
      log: createLog({ level: 'error', output: process.stderr }),
      onReady: (dir) => screen.ready(dir),
      onProgress: (sent, records) => screen.progress(sent, records),
      onAlert: (alert) => screen.alert(alert, dataDir),
    });
    const result = await demo.play();
    screen.summary(result, dataDir);
    const watched = process.stdout.isTTY && process.stdin.isTTY && !options.headless;
    if (watched && !abort.signal.aborted) {
      screen.waiting();
      await stopped;
    } else if (!result.verdict.perfect && !abort.signal.aborted) {
      throw new PgvigilError(
        'DEMO_FAILED',
        'the demo did not find every labelled attack, or reported ordinary work',
        'Run it again with --keep DIR and look at DIR with `pgvigil alerts list`; then please report it.',
      );
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    await demo?.stop();
    if (options.keep === undefined) await rm(dataDir, { recursive: true, force: true });
  }
  process.exitCode ??= abort.signal.aborted && options.headless ? 130 : 0;
}

class Screen {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  intro(): void {
    this.#line('pgvigil demo: a loopback event hub, a worker and a webhook receiver in this process.');
    this.#line('It replays the log of a real PostgreSQL 15 with pgaudit: ordinary work, and eleven attacks.');
    this.#line('');
  }

  ready(dataDir: string): void {
    this.#line(`Data folder: ${dataDir}`);
    this.#line('Alerts, as the receiver gets them (signature checked):');
    this.#line('');
  }

  progress(sent: number, records: number): void {
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${sent} messages sent, ${records} records stored`);
  }

  alert({ type, data }: ReceivedAlert, dataDir: string): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
    const severity = String(data.severity);
    const time = String(data.last_seen).slice(11, 19);
    const verb = type === 'alert.opened' ? '' : ` (${type.replace('alert.', '')})`;
    this.#line(
      `${time}  ${this.#colour(severity, severity.toUpperCase().padEnd(8))}  ${data.detector}  ${text(data.title)}${verb}`,
    );
    this.#line(`          ${text(data.summary)}`);
    if (type === 'alert.opened') {
      this.#line(this.#dim(`          ${PGVIGIL} alerts show ${text(data.id)} --data ${dataDir}`));
    }
  }

  summary({ verdict, labels, records, rejects, delivered, seconds }: DemoResult, dataDir: string): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
    this.#line('');
    this.#line('Attacks in the recording');
    for (const { attack, found, missed } of verdict.attacks) {
      const mark = missed.length === 0 ? this.#colour('low', 'found ') : this.#colour('high', 'MISSED');
      const detectors = [...found, ...missed.map((id) => `(${id})`)].join(' ');
      this.#line(`  ${mark}  ${attack.id.padEnd(20)} ${detectors.padEnd(10)} ${this.#cut(attack.what, 42)}`);
    }
    this.#line('');
    const ordinary = labels.ordinary.reduce((sum, { sessions }) => sum + sessions.length, 0);
    this.#line(
      `${records.toLocaleString('en')} of ${labels.records.toLocaleString('en')} records stored, ${rejects} rejected, ` +
        `${delivered} alerts delivered, ${verdict.falseAlarms.length} on the ${ordinary} ordinary sessions, ` +
        `${seconds.toFixed(0)} s.`,
    );
    for (const alarm of verdict.falseAlarms) this.#line(`  false alarm: ${alarm.detector} ${text(alarm.id)}`);
    this.#line('');
    this.#line('Look closer, in another terminal while this runs (or later, with --keep):');
    const data = `--data ${dataDir}`;
    this.#line(`  ${PGVIGIL} alerts list ${data}`);
    this.#line(
      `  ${PGVIGIL} query ${data} "SELECT user_name, client, outcome, count(*) AS n FROM sign_ins GROUP BY ALL ORDER BY n DESC LIMIT 10"`,
    );
    this.#line(
      `  ${PGVIGIL} query ${data} "SELECT event_time, user_name, client, message FROM errors WHERE sqlstate = '42501'"`,
    );
  }

  waiting(): void {
    this.#line('');
    this.#line('The worker keeps running. Ctrl-C ends the demo.');
  }

  #line(line: string): void {
    this.#out.write(`${line}\n`);
  }

  /** What fits behind `column` on a terminal; all of it elsewhere. */
  #cut(line: string, column: number): string {
    const room = this.#out.isTTY ? (this.#out.columns ?? 80) - column : line.length;
    return line.length <= room ? line : `${line.slice(0, Math.max(1, room - 1))}…`;
  }

  #colour(severity: string, line: string): string {
    return this.#out.isTTY ? `\x1b[${COLOURS[severity] ?? '0'}m${line}\x1b[0m` : line;
  }

  #dim(line: string): string {
    return this.#out.isTTY ? `\x1b[2m${line}\x1b[0m` : line;
  }
}

function text(value: unknown): string {
  return printable(String(value ?? '-'));
}
