/** The engines that need no package: what the rows of the kernel comparison do, and what they find out. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Contestant } from "../../bench/compare/contestant.ts";
import { fold } from "../../bench/compare/contestant.ts";
import { loadContestants, runnersOf } from "../../bench/compare/contestants.ts";
import { MixedWorkload } from "../../bench/compare/mixed.ts";
import * as workload from "../../bench/compare/workload.ts";

const ENTRIES = 300;
const KEYS = workload.randomBytes(1, ENTRIES * workload.KEY_BYTES);
const CACHE_BYTES = 8 * 1024 * 1024;
const NAMES = ["holdfast", "sqlite"];

/** Works on a new store of an engine. */
async function withStore(
  name: string,
  work: (store: Contestant, reopen: () => Promise<Contestant>) => Promise<void>,
): Promise<void> {
  const { runners } = await loadContestants(name);
  const { module } = runners[0]!;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    const open = (): Promise<Contestant> => module.open(folder, "os", CACHE_BYTES);
    await work(await open(), open);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const name of NAMES) {
  test(`${name}: every row runs, and finds what it has put`, () =>
    withStore(name, async (store) => {
      assert.ok(await workload.putOne(store, 7, 20) > 0);
      assert.ok(await workload.putShared(store, 8, 200) > 0);
      assert.ok(await workload.appendShared(store, 200) > 0);
      assert.ok(await workload.load(store, KEYS) > 0);
      assert.ok(await workload.getRandom(store, KEYS, 9, 100) > 0);
      if (store.getMany !== undefined) await workload.getManyRandom(store, KEYS, 9, 100);
      assert.ok(await new MixedWorkload(KEYS).run(store, 10, 100) > 0);
      assert.equal((await workload.scanAll(store)).result.entries, 220 + ENTRIES);
      await store.close();
    }));

  test(`${name}: a store that was closed has its entries, in the order of the keys`, () =>
    withStore(name, async (store, reopen) => {
      await workload.load(store, KEYS);
      await store.close();
      const again = await reopen();
      const numbers = Array.from({ length: ENTRIES }, (_, i) => i)
        .sort((a, b) => Buffer.compare(workload.keyAt(KEYS, a), workload.keyAt(KEYS, b)));
      const hash = numbers.reduce(
        (sum, i) => fold(sum, workload.keyAt(KEYS, i), workload.valueOf(i)),
        0,
      );
      const { result } = await workload.scanAll(again);
      assert.deepEqual(result, { entries: ENTRIES, hash });
      await again.close();
    }));

  test(`${name}: a row throws when an entry is missing or another one`, () =>
    withStore(name, async (store) => {
      await workload.load(store, KEYS);
      const others = workload.randomBytes(2, ENTRIES * workload.KEY_BYTES);
      await assert.rejects(workload.getRandom(store, others, 9, 100));
      await assert.rejects(new MixedWorkload(others).run(store, 10, 100));
      await store.put(workload.keyAt(KEYS, 5), new Uint8Array(workload.VALUE_BYTES));
      await assert.rejects(workload.getRandom(store, KEYS, 9, 10 * ENTRIES));
      await store.close();
    }));
}

test("getRandom() throws when a get hands out shared memory", () =>
  withStore("holdfast", async (store) => {
    await workload.load(store, KEYS);
    const kept = new Map<string, Uint8Array>();
    const get = store.get.bind(store);
    store.get = (key) => {
      const text = key.join();
      const value = kept.get(text) ?? get(key) as Uint8Array;
      kept.set(text, value);
      return value;
    };
    await assert.rejects(workload.getRandom(store, KEYS, 9, 10), /shared memory/);
    await store.close();
  }));

test("runnersOf() leaves out who cannot be opened with a durability", () => {
  const module = { version: "1", durabilities: ["os"], open: () => Promise.reject() } as const;
  const runner = { name: "rocksdb", module };
  assert.deepEqual(runnersOf([runner], "disk"), []);
  assert.deepEqual(runnersOf([runner], "os"), [runner]);
});
