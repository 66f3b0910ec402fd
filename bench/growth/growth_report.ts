/**
 * How the cost of operations grows with what is stored: series of a run, and what is asked of them.
 *
 * @module
 */

import { median } from "../median.ts";
import type { Report } from "../report.ts";

/** Costs of one operation at one size. */
export interface GrowthPoint {
  /** How much was stored. */
  readonly size: number;
  /** Microseconds per operation, of every counted round. */
  readonly rounds: readonly number[];
}

/** One operation at growing sizes. */
export interface GrowthSeries {
  readonly name: string;
  /** What the sizes count. */
  readonly of: "entries" | "streams";
  /** Not ours, but what the machine does: nothing is asked of it. */
  readonly isYardstick: boolean;
  /** At least two points, sizes ascending. */
  readonly points: readonly GrowthPoint[];
}

/** A whole run, beside a {@link Report}. */
export interface GrowthReport
  extends Pick<Report, "title" | "date" | "command" | "machine" | "machineLine"> {
  readonly series: readonly GrowthSeries[];
}

/** Whether saved figures are those of a growth run. */
export function isGrowthReport(report: Report | GrowthReport): report is GrowthReport {
  return "series" in report;
}

/**
 * How many times more than the logarithm a cost may grow. Half as much again: between the sizes lie
 * the caches of the processor, whose misses no count of comparisons shows, and the noise of a run.
 */
const TOLERANCE = 1.5;

/** Below it the logarithm of a size counts as that of this size: it would be 0 at 1. */
const SMALLEST_SIZE = 100;

/** How many times the cost may be at size `to` that it is at size `from`. */
export function allowedGrowth(from: number, to: number): number {
  return Math.log(Math.max(to, SMALLEST_SIZE)) / Math.log(Math.max(from, SMALLEST_SIZE)) *
    TOLERANCE;
}

/** What a series shows. */
export interface GrowthVerdict {
  /** Cost at the largest size divided by that at the smallest. */
  readonly growth: number;
  readonly allowed: number;
  /** The two neighbours between which more was gained than is allowed from the one to the other. */
  readonly step: readonly [from: number, to: number] | undefined;
  /** No step, and from end to end no more than allowed. */
  readonly met: boolean;
}

/** Judges a series by medians. */
export function judgeGrowth({ points }: GrowthSeries): GrowthVerdict {
  const costs = points.map(({ rounds }) => median(rounds));
  const growth = costs.at(-1)! / costs[0]!;
  const allowed = allowedGrowth(points[0]!.size, points.at(-1)!.size);
  let step: GrowthVerdict["step"];
  for (let i = 1; i < points.length && step === undefined; i++) {
    const [from, to] = [points[i - 1]!.size, points[i]!.size];
    if (costs[i]! / costs[i - 1]! > allowedGrowth(from, to)) step = [from, to];
  }
  return { growth, allowed, step, met: step === undefined && growth <= allowed };
}

/** True when every series keeps to it. */
export function allGrowWell(report: GrowthReport): boolean {
  return report.series.every((series) => series.isYardstick || judgeGrowth(series).met);
}
