/** Recoveries that are interrupted and begun again: they find what the first one found. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { runCampaign } from "./campaign.ts";
import { describeViolation } from "./campaign_report.ts";
import { subjects } from "../subjects.ts";

test("regression: a copy that recovery makes does not make a torn batch whole", async () => {
  const seed = 9;
  const report = await runCampaign({
    states: 1,
    seed,
    round: 0,
    onlyCut: 135,
    imagesPerCut: 6,
    innerEvery: 3,
    violationsMax: 1,
    // It puts the same blob again, so that a copy has the bytes that the torn batch has lost.
    subjects: subjects.filter(({ name }) => name === "content store"),
  });
  const [violation] = report.violations;
  assert.equal(violation === undefined ? "" : describeViolation(violation, seed), "");
  assert.ok(report.states > 30, `${report.states} states`);
});
