/** Cuts a span of event time into slices that are judged one after the other, in order. */
import { timestamp } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

/** Event time in milliseconds: `from` is exclusive, `to` inclusive. */
export interface Span {
  from: number;
  to: number;
}

/** How many records are due in a minute of event time. */
export interface Minute {
  /** Start, milliseconds. */
  start: number;
  records: number;
}

const DAY = 86_400_000;
/** Records that are judged at once, as far as their minutes allow: what fits into memory with ease. */
export const MAX_RECORDS = 250_000;

/**
 * Slices of a span: none holds much more than `max` records, and none holds records of two UTC days, so that what was known
 * before a day is the same for all that it judges.
 */
export function slicesOf(span: Span, minutes: readonly Minute[], max: number = MAX_RECORDS): Span[] {
  const slices: Span[] = [];
  let { from } = span;
  let records = 0;
  let day: number | null = null;
  for (const minute of minutes) {
    const minuteDay = Math.floor(minute.start / DAY);
    const isNextDay = day !== null && minuteDay !== day;
    if (isNextDay || (records > 0 && records + minute.records > max)) {
      const to = (isNextDay ? minuteDay * DAY : minute.start) - 1;
      if (to > from) slices.push({ from, to });
      from = Math.max(from, to);
      records = 0;
    }
    records += minute.records;
    day = minuteDay;
  }
  if (span.to > from || slices.length === 0) slices.push({ from, to: span.to });
  return slices;
}

/** Records of a span that are due: that arrived after the record `judged`, or are later than `watermark`. */
export async function minutesOf(
  store: Pick<Store, 'rows'>,
  span: Span,
  due: { front: bigint; judged: bigint; watermark: number },
): Promise<Minute[]> {
  const rows = await store.rows<{ start: Date; records: bigint }>(
    `SELECT date_trunc('minute', event_time) AS start, count(*) AS records
     FROM store.records
     WHERE event_time > $from AND event_time <= $to AND record_id <= $front
       AND (record_id > $judged OR event_time > $watermark)
     GROUP BY ALL ORDER BY start`,
    {
      from: timestamp(span.from),
      to: timestamp(span.to),
      front: due.front,
      judged: due.judged,
      watermark: timestamp(due.watermark),
    },
  );
  return rows.map(({ start, records }) => ({ start: start.getTime(), records: Number(records) }));
}
