/** Times of a server's own log: local to its `log_timezone`, with the abbreviation of the zone. */
import { DateTime } from 'luxon';
import { parseTime } from '../../decode/envelope/time.ts';

/**
 * Offsets from UTC in minutes of the abbreviations that stand for one offset only in all zones of the time zone database
 * since 2005. Others (CST, IST, PST, MSK, …) do not tell the time without their zone.
 */
const OFFSETS: ReadonlyMap<string, number> = new Map([
  ...([
    ['WET', 0],
    ['WEST', 60],
    ['CET', 60],
    ['CEST', 120],
    ['MET', 60],
    ['MEST', 120],
  ] as const),
  ...([
    ['EET', 120],
    ['EEST', 180],
    ['BST', 60],
    ['WAT', 60],
    ['CAT', 120],
    ['SAST', 120],
  ] as const),
  ...([
    ['EAT', 180],
    ['IDT', 180],
    ['PKT', 300],
    ['WIB', 420],
    ['WITA', 480],
    ['WIT', 540],
  ] as const),
  ...([
    ['HKT', 480],
    ['JST', 540],
    ['AWST', 480],
    ['ACST', 570],
    ['ACDT', 630],
    ['AEST', 600],
  ] as const),
  ...([
    ['AEDT', 660],
    ['NZST', 720],
    ['NZDT', 780],
    ['NST', -210],
    ['NDT', -150],
    ['AST', -240],
  ] as const),
  ...([
    ['ADT', -180],
    ['EST', -300],
    ['EDT', -240],
    ['MDT', -360],
    ['MST', -420],
    ['PDT', -420],
  ] as const),
  ...([
    ['AKST', -540],
    ['AKDT', -480],
    ['HST', -600],
  ] as const),
]);

const LOCAL = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d(?:\.\d{1,6})?) ([A-Za-z]{2,6})$/;
const EPOCH = /^\d{10}\.\d{3}$/;

/** Turns times into milliseconds since 1970. */
export class LogClock {
  readonly #zone: string | null;
  /** Offset of the minute asked for last: nearly every line is of the same minute as the one before. */
  readonly #last = { minute: '', offset: null as number | null };

  /** @param zone time zone of the servers, by its name in the time zone database; null where the logs must tell */
  constructor(zone: string | null) {
    this.#zone = zone;
  }

  /**
   * Milliseconds of `2026-07-02 03:00:06.467 UTC`, of the same with an offset or an abbreviation, and of seconds since 1970
   * (`1795423894.941`). Null for anything else, for an abbreviation that may stand for several offsets, and for one that is
   * not of the zone.
   */
  read(text: string): number | null {
    if (EPOCH.test(text)) return Math.round(Number(text) * 1000);
    const time = parseTime(text);
    if (time !== null) return time;
    const local = LOCAL.exec(text);
    if (local === null) return null;
    const [, day, minute, rest, abbreviation] = local;
    const utc = parseTime(`${day} ${minute}${rest} UTC`);
    const offset = this.#offset(`${day}T${minute}`, abbreviation!);
    return utc === null || offset === null ? null : utc - offset * 60_000;
  }

  #offset(minute: string, abbreviation: string): number | null {
    const key = minute + abbreviation;
    if (this.#last.minute !== key) {
      this.#last.offset =
        this.#zone === null
          ? (OFFSETS.get(abbreviation) ?? null)
          : offsetIn(this.#zone, minute, abbreviation);
      this.#last.minute = key;
    }
    return this.#last.offset;
  }
}

/** The hour that a clock shows twice in autumn has two offsets: daylight time first. */
function offsetIn(zone: string, minute: string, abbreviation: string): number | null {
  const time = DateTime.fromISO(minute, { zone });
  if (!time.isValid) return null;
  const offsets = time.getPossibleOffsets().map((possible) => possible.offset);
  const known = OFFSETS.get(abbreviation);
  if (known !== undefined) return offsets.includes(known) ? known : null;
  if (offsets.length === 1) return offsets[0]!;
  if (abbreviation.endsWith('DT')) return Math.max(...offsets);
  return abbreviation.endsWith('ST') ? Math.min(...offsets) : null;
}
