/**
 * The figure that most of many stay under.
 *
 * @module
 */

/** The smallest value that at least the `share` (0 to 1) of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("percentile of nothing");
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
