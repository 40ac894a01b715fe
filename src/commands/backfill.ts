/** `pgvigil backfill`: reads the past the way the worker reads the hub, in event time. */
import { Backfill, type BackfillEvents } from '../backfill/backfill.ts';
import { openHistories } from '../backfill/histories.ts';
import { beginning, readOutcome } from '../backfill/outcome.ts';
import { resolveSecret } from '../config.ts';
import { durationText } from '../model/duration.ts';
import { printable } from '../printable.ts';
import { Store } from '../store/store.ts';
import { ReadinessBook } from '../worker/readiness-book.ts';
import { countText, outcomeText } from './backfill-text.ts';
import { type CommandContext, createContext, type GlobalOptions, stopSignal } from './context.ts';
import { pastMoment } from './past-moment.ts';
import { ProgressLine } from './progress.ts';

export interface BackfillCommandOptions extends GlobalOptions {
  since?: string;
  until?: string;
  server?: string;
  timezone?: string;
  follow?: boolean;
}

/**
 * Loads the sources, runs the detectors, leaves the alerts in the data folder. Nothing is sent: these alerts are about the
 * past.
 *
 * @throws PgvigilError USAGE, CONFIG_INVALID, SECRET_INVALID, FILE_UNREADABLE, SOURCE_REFUSED, DATA_*
 */
export async function backfillCommand(
  names: readonly string[],
  options: BackfillCommandOptions,
): Promise<void> {
  const context = await createContext(options, 'warn');
  const { config, log, env, err } = context;
  const { server, timezone, since, until } = options;
  const opened = await openHistories(names, {
    config,
    secret: (ref) => resolveSecret(ref, env, (message) => log.warn(message)),
    since: since === undefined ? null : pastMoment('--since', since),
    server,
    timezone,
    now: Date.now(),
  });
  const end = until === undefined ? Number.POSITIVE_INFINITY : pastMoment('--until', until);
  const stop = new AbortController();
  void stopSignal().then(() => stop.abort());

  const store = await Store.open(config.data, {
    walRecovered: (path) => log.warn({ path }, 'the write-ahead log was damaged and is set aside'),
  });
  try {
    const before = await beginning(store, Date.now());
    const notices = new Notices(context);
    const backfill = await Backfill.open({ store, config, events: notices, signal: stop.signal });
    try {
      for (const one of opened) await backfill.read(one, end);
      notices.progress.end();
      if (stop.signal.aborted) {
        err.write(`stopped: ${countText(backfill.totals)} so far. Run it again to go on from there.\n`);
        return;
      }
      await backfill.judge();
      await new ReadinessBook({ store, config, onFailure: () => undefined }).refresh();
      err.write(outcomeText(backfill.totals, await readOutcome(store, before), config.data));
      for (const what of notices.leftOut) err.write(`Left out: ${what}\n`);
      if (options.follow === true) await backfill.follow(opened);
    } finally {
      notices.progress.end();
      await backfill.close();
    }
  } finally {
    await store.close();
  }
}

/** What happens on the way, said on standard error. */
class Notices implements BackfillEvents {
  readonly progress: ProgressLine;
  /** What was not read, and what to do about it. */
  readonly leftOut = new Set<string>();
  readonly #context: CommandContext;

  constructor(context: CommandContext) {
    this.#context = context;
    this.progress = new ProgressLine(context.err);
  }

  onBatch: BackfillEvents['onBatch'] = (_history, { done, total, unit }, { records }) =>
    this.progress.update({ records, done, total, unit });

  onEvent: BackfillEvents['onEvent'] = (history, event) => {
    if (event.kind === 'left-out') {
      this.leftOut.add(printable(`${event.what}. ${event.hint}`));
      return;
    }
    const wait = durationText(Math.ceil(event.forMs / 1000) * 1000);
    this.#say(`${history.title}: ${event.reason}; waiting ${wait}`);
  };

  onPrefix: BackfillEvents['onPrefix'] = ({ server, format, lines, explained }) =>
    this.#say(
      `${server}: log_line_prefix ${JSON.stringify(format)} found (explains ${explained} of ${lines} lines looked at)`,
    );

  onRestored: BackfillEvents['onRestored'] = (rejects) =>
    this.#say(`${rejects} earlier rejects could be decoded by now`);

  onRefusedDetector: BackfillEvents['onRefusedDetector'] = ({ error }) =>
    this.#context.log.error({ hint: error.hint }, error.message);

  onJudged: BackfillEvents['onJudged'] = (totals) =>
    this.#say(`${countText(totals)}, ${totals.alerts.toLocaleString('en')} new alerts`);

  onTrouble: BackfillEvents['onTrouble'] = (message, details) => this.#context.log.error(details, message);

  #say(text: string): void {
    this.progress.end();
    this.#context.err.write(`${printable(text)}\n`);
  }
}
