/** What the worker writes into its log: once a thing has happened, and what to do about it. */
import type { SilenceChange } from '../alerts/heartbeat/silences.ts';
import type { FoundPrefix } from '../decode/prefix/finder.ts';
import type { Log } from '../log.ts';
import type { SourceEvent } from '../sources/event-hubs.ts';
import type { DetectorBook } from './detector-book.ts';
import type { WorkerStatus } from './status.ts';

export function reportDetectors(log: Log, status: WorkerStatus, { armed, refused }: DetectorBook): void {
  status.detectors = armed.length;
  status.refusedDetectors = refused.map(({ error }) => error.message);
  for (const { error } of refused) log.error({ hint: error.hint }, error.message);
}

export function reportPrefix(log: Log, found: FoundPrefix, restored: number): void {
  const { server, format, lines, explained } = found;
  log.warn(
    { server, logLinePrefix: format, explained, lines, restored },
    'a log_line_prefix was found from the lines; see the view log_line_prefixes, and add it to logLinePrefix if it is right',
  );
}

export function reportSource(log: Log, event: SourceEvent): void {
  switch (event.kind) {
    case 'connected':
      log.info({ source: event.source, partitions: event.partitions }, 'connected');
      break;
    case 'trouble':
      log.warn({ partition: event.partition, error: event.error }, 'the hub is in trouble; trying again');
      break;
    case 'taken_over':
      log.warn(
        { partition: event.partition },
        'another process reads this partition in the same consumer group; give each worker a group of its own',
      );
      break;
  }
}

export function reportSilence(log: Log, { alert, change, what }: SilenceChange): void {
  const { detector, severity, server, entity, summary } = alert;
  log.warn({ detector, severity, server, entity, summary, what }, `silence ${change}`);
}
