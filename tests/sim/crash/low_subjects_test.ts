/**
 * Streams in blocks, blocks, journals and structures lose nothing acknowledged, whatever power cut or failed call comes:
 * a small share of the campaigns.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { blockStreamSubjects } from "../block/block_stream_subjects.ts";
import { blocksSubjects } from "../block/blocks_subjects.ts";
import { assertCrashSample } from "./crash_sample.ts";
import { everyFault, FAULTS } from "../fault/every_fault.ts";
import { indexSubjects } from "../structures/index_subjects.ts";
import { journalSubjects } from "../block/journal_subjects.ts";
import { structureSubjects } from "../structures/structure_subjects.ts";

const low = [...blockStreamSubjects, ...blocksSubjects, ...journalSubjects];
const high = [...indexSubjects, ...structureSubjects];

for (const subject of [...low, ...high]) {
  const cutEvery = high.includes(subject) ? 29 : 17;
  test(`${subject.name}: nothing acknowledged is lost by any power cut`, async () => {
    await assertCrashSample(subject, cutEvery);
  });
}

test("blocks, journals: no failed call loses what was acknowledged", async () => {
  for (const [at, fault] of FAULTS.entries()) {
    let met = 0;
    for (const subject of low.filter((_, number) => number % FAULTS.length === at)) {
      met += await everyFault(subject, fault, { stride: 10, seed: at });
    }
    assert.ok(met > 0, `${fault.operation}: ${met} failures`);
  }
});
