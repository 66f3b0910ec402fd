/** A bounded share of the power cuts under a store of streams, for the ordinary test run. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { runStreams } from "./streams_run.ts";
import { streamsSubjects } from "./streams_subjects.ts";

for (const subject of streamsSubjects) {
  test(`EmbeddedStreamStore: "${subject.name}" keeps its promises at any power cut`, async () => {
    const report = await runStreams({
      subjects: [subject],
      states: 1,
      seed: 5,
      imagesPerCut: 2,
      innerEvery: 6,
      cutEvery: 17,
      violationsMax: 1,
    });
    assert.equal(report.violations.join("\n"), "");
    assert.ok((report.rows[0]?.operations ?? 0) > 15);
    assert.ok(report.states > 1, `${report.states} states`);
  });
}
