/**
 * Event time up to which detection may run, milliseconds; -Infinity while it may not.
 *
 * It is the newest event minus the lateness while events keep arriving, and the newest event itself once nothing has
 * arrived for as long as the lateness. Partitions that still have messages hold it back to what they have brought so far:
 * after a pause each is read at a pace of its own, and a statement must not be judged before the line that says whose it is.
 *
 * @param quietFor milliseconds since something arrived
 * @param slowest event time that the slowest of the partitions with messages has reached; Infinity when there is none
 */
export function horizon(
  newestEvent: number,
  lateness: number,
  quietFor: number,
  slowest: number = Number.POSITIVE_INFINITY,
): number {
  const own = quietFor >= lateness ? newestEvent : newestEvent - lateness;
  return Math.min(own, slowest - lateness);
}
