/** A bounded share of the crash campaign for the ordinary test run. */

import assert from "node:assert/strict";
import { runCampaign } from "./campaign.ts";
import { describeViolation } from "./campaign_report.ts";
import type { Subject } from "../subject.ts";

const SEED = 7;

/** Cuts every so many operations of a subject. @throws for a state that must not be */
export async function assertCrashSample(subject: Subject, cutEvery: number): Promise<void> {
  const report = await runCampaign({
    states: 1,
    seed: SEED,
    imagesPerCut: 2,
    innerEvery: 6,
    cutEvery,
    violationsMax: 1,
    subjects: [subject],
  });
  const [violation] = report.violations;
  assert.equal(violation === undefined ? "" : describeViolation(violation, SEED), "");
  const { operations, cuts } = report.rows[0]!;
  assert.ok(operations > 10 && cuts > operations / cutEvery && report.states >= cuts);
}
