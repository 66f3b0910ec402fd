/**
 * Random runs of commands against the model.
 *
 * @module
 */

import fc from "fast-check";
import type { Subject } from "./subject.ts";

/** When the runs end, or the shortening of one that failed: several times what they take. */
const LIMIT_MS = 240_000;

/** Which runs. */
export interface CampaignPlan {
  readonly subject: Subject;
  readonly runs: number;
  readonly seed: number;
  /** Where a failure was found: its run, and the steps of its shrinking. */
  readonly path?: string | undefined;
  /** The commands of that failure that were run. */
  readonly replayPath?: string | undefined;
}

/** How runs ended. */
export interface CampaignResult {
  readonly passed: number;
  /** What went wrong, and how to see it again. */
  readonly failure?: string;
}

/** Runs `plan.runs` runs, up to the first that fails, which is made as short as it gets. */
export async function runCampaign(plan: CampaignPlan): Promise<CampaignResult> {
  const { subject, runs, seed, path, replayPath } = plan;
  const details = await fc.check(subject.property(replayPath), {
    seed,
    numRuns: runs,
    endOnFailure: false,
    interruptAfterTimeLimit: LIMIT_MS,
    markInterruptAsFailure: true,
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return { passed: details.numRuns };
  if (details.counterexample === null) {
    return { passed: details.numRuns, failure: `seed ${seed}: no end within ${LIMIT_MS} ms` };
  }
  const at = details.counterexamplePath;
  const error = details.errorInstance;
  const drawn = describe(details.counterexample);
  return {
    passed: details.numRuns - 1,
    failure: `share.ts --subject ${subject.name} --seed ${seed} --path ${at}${replayOf(drawn)} ` +
      `shows it again, ${details.numShrinks} times made shorter:\n${drawn}\n` +
      `${error instanceof Error ? error.stack : error}`,
  };
}

/** The flag that says which of the commands were run. */
function replayOf(drawn: string): string {
  const [, path] = /replayPath="([^"]*)"/.exec(drawn) ?? [];
  return path === undefined ? "" : ` --replay ${path}`;
}

/** What a run drew: commands as they call themselves, one line each, the rest as values. */
function describe(drawn: readonly unknown[]): string {
  return drawn.map((part) => {
    const text = String(part);
    return text.startsWith("[object") ? JSON.stringify(part) : text;
  }).join(" ");
}
