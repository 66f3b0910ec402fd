import assert from "node:assert/strict";
import { test } from "node:test";
import { rowIdentity } from "../../bench/row_identity.ts";
import { sampleReport, sampleRow } from "./sample_report.ts";

test("rowIdentity() takes the name of a contestant off the end of a row, and nothing else", () => {
  const identity = (name: string): unknown => rowIdentity(sampleReport([]), sampleRow({ name }));
  assert.deepEqual(identity("append (level)"), { name: "append", mark: " (level)" });
  assert.deepEqual(identity("append"), { name: "append", mark: "" });
  assert.deepEqual(identity("append (4 KiB)"), { name: "append (4 KiB)", mark: "" });
  assert.deepEqual(identity("append (level) twice"), { name: "append (level) twice", mark: "" });
  assert.deepEqual(identity("getMany(32) (lmdb)"), { name: "getMany(32)", mark: " (lmdb)" });
});
