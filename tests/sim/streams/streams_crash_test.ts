/** A bounded share of the power cuts under a store of streams, for the ordinary test run. */

import { test } from "node:test";
import { assertCrashSample } from "../crash/crash_sample.ts";
import { streamsSubjects } from "./streams_subjects.ts";

for (const subject of streamsSubjects) {
  test(`EmbeddedStreamStore: "${subject.name}" keeps its promises at any power cut`, async () => {
    await assertCrashSample(subject, 29);
  });
}
