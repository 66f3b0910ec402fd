/**
 * The `Stream-Cursor` of live answers: a coarse clock that lets a cache answer equal requests once
 * and never twice with the same key.
 *
 * @module
 */

/** Interval 0 begins here: 2024-10-09T00:00:00Z, in milliseconds since 1970. */
export const CURSOR_EPOCH = 1_728_432_000_000;

/** Length of one interval, in milliseconds. */
export const CURSOR_INTERVAL = 20_000;

/** A cursor of a client is ahead by at most an hour of jitter: 180 intervals. */
const MAX_JITTER_INTERVALS = 180;

/**
 * The cursor to answer at `now`. Greater than the client's whenever the client's has caught up with
 * the clock, by a random 1 to 180 intervals, so that it never stands still and never goes back.
 * @param client the client's `cursor` parameter; one that is not a decimal number below 10^15 is
 * ignored.
 * @param random gives a number in [0, 1).
 */
export function nextCursor(
  client: string | undefined,
  now: number,
  random: () => number,
): string {
  const current = Math.max(0, Math.floor((now - CURSOR_EPOCH) / CURSOR_INTERVAL));
  if (client === undefined || !/^\d{1,15}$/.test(client)) return String(current);
  const seen = Number(client);
  if (seen < current) return String(current);
  return String(seen + 1 + Math.floor(random() * MAX_JITTER_INTERVALS));
}
