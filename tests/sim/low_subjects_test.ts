/**
 * Streams in blocks, blocks, journals and structures lose nothing acknowledged, whatever power cut or failed call comes:
 * a small share of the campaigns.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { blockStreamSubjects } from "./block_stream_subjects.ts";
import { blocksSubjects } from "./blocks_subjects.ts";
import { everyCut } from "./every_cut.ts";
import { everyFault, FAULTS } from "./every_fault.ts";
import { indexSubjects } from "./index_subjects.ts";
import { journalSubjects } from "./journal_subjects.ts";
import { structureSubjects } from "./structure_subjects.ts";

const low = [...blockStreamSubjects, ...blocksSubjects, ...journalSubjects];
const high = [...indexSubjects, ...structureSubjects];

for (const subject of [...low, ...high]) {
  const stride = high.includes(subject) ? 17 : 5;
  test(`${subject.name}: nothing acknowledged is lost by any power cut`, async () => {
    const { states } = await everyCut(subject, { stride, images: 2 });
    assert.ok(states > 5, `${states} states`);
  });
}

test("blocks, journals: no failed call loses what was acknowledged", async () => {
  for (const [at, fault] of FAULTS.entries()) {
    let met = 0;
    for (const subject of low.filter((_, number) => number % FAULTS.length === at)) {
      met += await everyFault(subject, fault, { stride: 3, seed: at });
    }
    assert.ok(met > 2, `${fault.operation}: ${met} failures`);
  }
});
