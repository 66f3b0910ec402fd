/** What once was lost is not lost again. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { readCorpus, replayEntry } from "./corpus.ts";
import { replayCase } from "./crash_case.ts";
import { subjects } from "../subjects.ts";

for (const [name, entry] of readCorpus()) {
  test(`corpus ${name}: ${entry.shows}`, async () => {
    assert.ok(await replayEntry(subjects, entry) >= 1);
  });
}

test("replayCase shows a violation again, with what was kept and dropped", async () => {
  const entry = [...readCorpus().values()].find((one) => one.case.cut !== null);
  const subject = subjects.find(({ name }) => name === entry!.case.subject)!;
  const wrong: typeof subject = {
    ...subject,
    play: async (disk, random) => {
      const witness = await subject.play(disk, random);
      return {
        recover: witness.recover,
        judge: () => Promise.reject(new Error("wrong")),
      };
    },
  };
  const { error, details } = await replayCase(wrong, entry!.case);
  assert.equal((error as Error).message, "wrong");
  assert.ok(details.some((line) => line.startsWith("  dropped:") || line.startsWith("  kept:")));
  assert.ok(details.some((line) => line.startsWith("#0 ")));
});
