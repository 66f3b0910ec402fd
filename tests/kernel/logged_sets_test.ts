/** What a log holds becomes one write set a batch, and is known by its records all the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogRecord } from "../../src/block/log_scanner.ts";
import { decodeBatch, LoggedSets } from "../../src/kernel/commit/logged_sets.ts";
import { WriteSet } from "../../src/kernel/commit/write_set.ts";
import { FIRST_TREE, IN_DOUBT_TREE } from "../../src/kernel/tree/state.ts";

/** A record that puts each key into a tree. */
function record(sequence: number, tree: number, ...keys: number[]): LogRecord {
  const set = new WriteSet();
  for (const key of keys) set.put(tree, Uint8Array.of(key), 1, Uint8Array.of(sequence), 0, 1);
  const bytes = Uint8Array.of(99, ...set.out.bytes.subarray(0, set.out.length), 99);
  return { sequence, bytes, begin: 1, end: bytes.length - 1 };
}

function operations(set: WriteSet): number[][] {
  return Array.from({ length: set.count }, (_, op) => [
    set.tree(op),
    set.out.bytes[set.keyAt(op)]!,
    set.out.bytes[set.valueAt(op)]!,
  ]);
}

test("decodeBatch: records become one set, their operations in order", () => {
  const batch = decodeBatch([record(1, FIRST_TREE, 5, 6), record(2, FIRST_TREE + 1, 5)]);
  assert.deepEqual(batch.map(operations), [[
    [FIRST_TREE, 5, 1],
    [FIRST_TREE, 6, 1],
    [FIRST_TREE + 1, 5, 2],
  ]]);
});

test("decodeBatch: records stay apart where one prepares or decides", () => {
  const batch = decodeBatch([record(1, FIRST_TREE, 5), record(2, IN_DOUBT_TREE, 7)]);
  assert.deepEqual(batch.map(operations), [[[FIRST_TREE, 5, 1]], [[IN_DOUBT_TREE, 7, 2]]]);
});

test("LoggedSets.within counts sets that end within so many records", () => {
  const logged = new LoggedSets();
  const joined = [record(1, FIRST_TREE, 1), record(2, FIRST_TREE, 2), record(3, FIRST_TREE, 3)];
  const apart = [record(4, IN_DOUBT_TREE, 4), record(5, FIRST_TREE, 5)];
  for (const batch of [joined, apart]) logged.add(decodeBatch(batch), batch.length);
  assert.deepEqual([0, 2, 3, 4, 5, 9].map((records) => logged.within(records)), [0, 0, 1, 2, 3, 3]);
});
