/** Repair of stores that were not closed: what their logs still give, and what is in doubt. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Database } from "../../mod.ts";
import { type BatchView, operationsOf } from "../../src/kernel/inspect/inspect_log.ts";
import { StoreInspector } from "../../src/kernel/inspect/store_inspector.ts";
import { IN_DOUBT_TREE } from "../../src/kernel/tree/state.ts";
import { decodePrepared } from "../../src/kernel/two_phase/prepared_set.ts";
import { runsOf } from "../../src/kernel/two_phase/prepared_sets.ts";
import {
  type Contents,
  filled,
  makeStore,
  numbers,
  PAGE,
  repairBytes,
  REPAIRED,
} from "./damaged_store.ts";
import { diskWith } from "./file_bytes.ts";

const NAMES = ["a", "b"];
const PATH = "/look.hold";

/** Looks into the bytes of a store. */
async function look<T>(bytes: Uint8Array, body: (inspector: StoreInspector) => T): Promise<T> {
  const inspector = await StoreInspector.open(await diskWith(bytes, PATH), PATH);
  try {
    return body(inspector);
  } finally {
    inspector.close();
  }
}

/** The batches that are replayed. */
async function batchesOf(bytes: Uint8Array): Promise<BatchView[]> {
  return await look(bytes, (inspector) => [...inspector.log()].filter((batch) => batch.isInOrder));
}

/** Bytes with one of them changed. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at]! ^ 1);
}

/** A store with two trees in its image and three commits in its log. */
function makeLogged(): Promise<{ bytes: Uint8Array; contents: Contents }> {
  return makeStore(
    async (db) => {
      await db.update((tx) => {
        for (let n = 0; n < 10; n++) tx.open(numbers("a")).put(n, filled(20, n));
        tx.open(numbers("a")).put(90, filled(70_000, 1));
        for (let n = 0; n < 10; n++) tx.open(numbers("b")).put(n, filled(20, n));
      });
      await db.checkpoint();
      await db.update((tx) => {
        tx.open(numbers("a")).put(1, filled(9500, 5));
        tx.open(numbers("a")).put(91, filled(50_000, 2));
      });
      await db.update((tx) => tx.open(numbers("a")).put(90, filled(80_000, 3)));
      await db.update((tx) => {
        tx.open(numbers("b")).put(20, filled(20, 20));
        tx.open(numbers("b")).remove(3);
      });
    },
    NAMES,
    { crash: true },
  );
}

test("repair: a large value of the log that is lost does not bring back the one before it", async () => {
  const { bytes, contents } = await makeLogged();
  const healthy = await repairBytes(bytes, NAMES);
  assert.deepEqual(healthy.contents, contents);
  assert.deepEqual(healthy.report.problems, []);
  const [, second] = await batchesOf(bytes);
  const [operation] = operationsOf(second!.records[0]!);
  const { report, contents: found } = await repairBytes(
    flipped(bytes, operation!.valuePage! * PAGE + 100),
    NAMES,
  );
  contents.get("a")!.delete(90);
  assert.deepEqual(found, contents);
  assert.equal(report.lostValues, 1);
  assert.equal(report.replayedCommits, 3);
  assert.deepEqual(report.problems.map(({ code }) => code), ["CORRUPT_VALUE"]);
});

test("repair: the log goes on over a tree whose entries are lost", async () => {
  const { bytes, contents } = await makeLogged();
  const root = await look(bytes, (inspector) => {
    for (const tree of inspector.trees()) {
      if ("root" in tree && tree.structure?.name === "b") return tree.root.page;
    }
    throw new RangeError("there is no b");
  });
  const { report, contents: found } = await repairBytes(flipped(bytes, root * PAGE + 200), NAMES);
  contents.get("b")!.forEach((_, key, entries) => {
    if (key !== 20) entries.delete(key);
  });
  assert.deepEqual(found, contents, "what the log removes need not be there");
  assert.equal(report.replayedCommits, 3);
});

test("repair: a torn end of the log costs its last commit, a hole in it all behind", async () => {
  const { bytes } = await makeLogged();
  const batches = await batchesOf(bytes);
  assert.equal(batches.length, 3);
  const payload = ({ offset, header }: BatchView): number => offset + 64 + header.payloadBytes - 1;
  const torn = await repairBytes(flipped(bytes, payload(batches[2]!)), NAMES);
  assert.equal(torn.report.replayedCommits, 2);
  assert.match(torn.report.problems[0]!.message, /^The last \d+ bytes are torn$/);
  assert.deepEqual([...torn.contents.get("b")!.keys()], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const hole = await repairBytes(flipped(bytes, payload(batches[1]!)), NAMES);
  assert.equal(hole.report.replayedCommits, 1);
  assert.match(hole.report.problems[0]!.message, /^The log ends early: .*record \d+ is missing/);
  assert.equal(hole.contents.get("a")!.get(90)?.startsWith("70000:"), true);
});

test("repair: a transaction in doubt comes over whole or not at all", async () => {
  const { bytes } = await makeStore(async (db) => {
    await db.update((tx) => tx.open(numbers("a")).put(0, filled(20, 0)));
    const tx = db.begin({ transactionId: Uint8Array.of(7) });
    for (const key of [1, 2, 3]) tx.open(numbers("a")).put(key, filled(30_000, key));
    await tx.prepare();
  }, ["a"]);
  const runs = await look(bytes, (inspector) => {
    for (const tree of inspector.trees()) {
      if (!("root" in tree) || tree.number !== IN_DOUBT_TREE) continue;
      for (const entry of inspector.entries(tree)) {
        if ("value" in entry) {
          return [...runsOf(decodePrepared(entry.value, 0, entry.value.length))];
        }
      }
    }
    throw new RangeError("nothing is in doubt");
  });
  const whole = await repairBytes(bytes, ["a"]);
  assert.deepEqual(whole.report.problems, []);
  const db = await Database.open(REPAIRED, { io: whole.io });
  await db.prepared()[0]!.commit();
  assert.equal(db.open(numbers("a")).count(), 4);
  await db.close();
  for (const [page] of runs) {
    const { report, io } = await repairBytes(flipped(bytes, page * PAGE + 5), ["a"]);
    assert.equal(report.lostValues, 1);
    assert.match(report.problems.at(-1)!.message, /^A prepared transaction is lost/);
    const without = await Database.open(REPAIRED, { io });
    assert.deepEqual(without.prepared(), []);
    await without.update((tx) => tx.open(numbers("a")).put(1, filled(1, 1)));
    await without.close();
  }
});
