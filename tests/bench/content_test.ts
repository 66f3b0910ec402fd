/** The rows of content stores: what they must reach, and that a store which loses or mixes up blobs is found out. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ContentContestant } from "../../bench/content/contestant.ts";
import { load } from "../../bench/content/holdfast.ts";
import { blobsOf, rowOf, SIZES, TARGETS, TASKS } from "../../bench/content/rows.ts";
import { Blobs, getRandom, putAll, verify } from "../../bench/content/workload.ts";

const COUNT = 40;
const LENGTH = 1000;
const BATCH = 8;

/** Works on a new store of ours. */
async function withStore(work: (store: ContentContestant) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    const store = await (await load()).open(folder);
    await work(store);
    await store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const task of ["putBatch", "put", "putShared"] as const) {
  test(`content: ${task} keeps every blob, and gets find it`, () =>
    withStore(async (store) => {
      const blobs = new Blobs(7, COUNT, LENGTH);
      assert.ok(await putAll(task, store, blobs, BATCH) > 0);
      await verify(store, blobs, 0);
      assert.ok(await getRandom("get", store, blobs, 8) > 0);
      assert.ok(await getRandom("getShared", store, blobs, 8) > 0);
    }));
}

test("content: rounds have other blobs, contestants the same", () => {
  const [one, same, other] = [new Blobs(1, 2, 64), new Blobs(1, 2, 64), new Blobs(2, 2, 64)];
  assert.deepEqual(one.at(1), same.at(1));
  assert.notDeepEqual(one.at(1), other.at(1));
  assert.notDeepEqual(one.at(0), one.at(1));
});

test("content: a blob that is another one, or not named, is found out", () =>
  withStore(async (store) => {
    const blobs = new Blobs(7, COUNT, LENGTH);
    await putAll("putBatch", store, blobs, BATCH);
    const lost = blobs.ids.pop();
    await assert.rejects(verify(store, blobs, 0), /not every blob/);
    blobs.ids.push(blobs.ids[0]);
    await assert.rejects(verify(store, blobs, COUNT - BATCH), /other bytes/);
    blobs.ids.fill(lost);
    await assert.rejects(getRandom("get", store, blobs, 8), /another one/);
    await assert.rejects(getRandom("getShared", store, blobs, 8), /another one/);
  }));

test("content: a store that hands out shared memory is found out", () =>
  withStore(async (store) => {
    const blobs = new Blobs(7, COUNT, LENGTH);
    await putAll("putBatch", store, blobs, BATCH);
    const kept = blobs.slice(0, COUNT).map((blob) => blob.slice());
    store.get = (id) => kept[blobs.ids.indexOf(id)]!;
    store.getShared = store.get;
    await assert.rejects(verify(store, blobs, 0), /other bytes/);
  }));

test("content: counts are whole batches, and gets have those of the puts before them", () => {
  for (const size of SIZES) {
    for (const blobs of [1, 200, 2560]) {
      for (const task of TASKS) assert.equal(blobsOf(task, size, blobs) % size.batch, 0);
      assert.equal(blobsOf("get", size, blobs), blobsOf("putBatch", size, blobs));
      assert.equal(blobsOf("getShared", size, blobs), blobsOf("putShared", size, blobs));
    }
  }
});

test("content: targets are against who takes part, for every length, and a stretch is more", () => {
  for (const task of ["putBatch", "get"] as const) {
    assert.deepEqual(Object.keys(TARGETS[task]!), SIZES.map(({ name }) => name));
  }
  for (
    const target of SIZES.flatMap((size) =>
      TASKS.map((task) => rowOf(task, size, {}).targets ?? [])
    ).flat()
  ) {
    assert.ok(!("figure" in target) && target.ratio !== undefined);
    assert.match(target.against!.join(), /^(?:lmdb|cacache)$/);
    assert.ok(target.stretch === undefined || target.stretch > target.ratio);
  }
});
