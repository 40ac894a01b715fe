/** The time that the name of a blob, or of a folder, stands for. */
import { capturePlaceOf } from './capture-path.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Milliseconds since 1970, without `to`. */
export interface Period {
  from: number;
  to: number;
}

/** `y=2026/m=07/d=02/h=03/`, as far as it goes: archives of diagnostic settings, data export of Log Analytics. */
const LABELLED = /(?:^|\/)y=(\d{4})\/(?:m=(\d\d)\/(?:d=(\d\d)\/(?:h=(\d\d)\/)?)?)?/;
/** `2026/07/02/03/`, as far as it goes: Event Hubs Capture. */
const PLAIN = /(?:^|\/)((?:19|20)\d\d)\/(?:(\d\d)\/(?:(\d\d)\/(?:(\d\d)\/)?)?)?/;

/** The year, month, day or hour that a folder stands for; null where its name says nothing of a time. */
export function periodOf(path: string): Period | null {
  const found = LABELLED.exec(path) ?? PLAIN.exec(path);
  if (found === null) return null;
  const [year = 0, month, day, hour] = found
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  if (month === undefined) return { from: Date.UTC(year, 0), to: Date.UTC(year + 1, 0) };
  if (day === undefined) return { from: Date.UTC(year, month - 1), to: Date.UTC(year, month) };
  const from = Date.UTC(year, month - 1, day, hour ?? 0);
  return { from, to: from + (hour === undefined ? DAY_MS : HOUR_MS) };
}

/** The same for a blob. */
export function periodOfBlob(name: string): Period | null {
  const capture = capturePlaceOf(name);
  return capture === null ? periodOf(name) : { from: capture.at, to: capture.at + 1 };
}

/**
 * The hours in which blobs with records of a span may lie: they are placed by the time of their arrival, so the hour before and
 * the hour after belong to it.
 */
export function hoursAround(since: number, until: number): Period {
  return {
    from: Math.floor(since / HOUR_MS) * HOUR_MS - HOUR_MS,
    to: Math.ceil(until / HOUR_MS) * HOUR_MS + HOUR_MS,
  };
}

export function overlaps(one: Period, other: Period): boolean {
  return one.from < other.to && other.from < one.to;
}

/** Whether all of `inner` lies in `outer`. */
export function isWithin(inner: Period, outer: Period): boolean {
  return outer.from <= inner.from && inner.to <= outer.to;
}
