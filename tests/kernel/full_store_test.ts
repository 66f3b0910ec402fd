/** A store at its quota: commits are refused before they begin, and nothing else ever is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index, isHoldfastError } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";

const table = index("table", { key: codec.u32, value: codec.bytes });

/** What was rejected, by code. */
async function codesOf(promises: readonly Promise<unknown>[]): Promise<string[]> {
  const codes: string[] = [];
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === "fulfilled") continue;
    if (!isHoldfastError(result.reason)) throw result.reason;
    codes.push(result.reason.code);
  }
  return codes;
}

// 67 puts of 900 bytes each: leaves of four that are full all at once, so that every put splits one.
for (const puts of [20, 67]) {
  test(`regression: commits of ${puts} puts and large values leave a checkpoint its space`, async () => {
    const io = memoryIo();
    const options = { io, maxBytes: 4 * 1024 * 1024, cacheBytes: 1024 * 1024 };
    const db = await Database.open("/full.hold", options);
    const refused = new Set<string>();
    let key = 0;
    for (let round = 0; round < 12; round++) {
      const commits: Promise<unknown>[] = [];
      for (let pair = 0; pair < 8; pair++) {
        commits.push(db.update((tx) => {
          const view = tx.open(table);
          for (let i = 0; i < puts; i++) {
            view.put(key++ * 7919 % 100_000, new Uint8Array(900).fill(1));
          }
        }));
        commits.push(db.update((tx) => {
          tx.open(table).put(1_000_000 + key++, new Uint8Array(50_000 + puts * 1000).fill(2));
        }));
      }
      for (const code of await codesOf(commits)) refused.add(code);
      await db.checkpoint();
    }
    assert.deepEqual([...refused], ["NO_SPACE"]);
    const entries = db.open(table).count();
    await db.close();
    const again = await Database.open("/full.hold", options);
    assert.equal(again.open(table).count(), entries);
    assert.deepEqual((await again.check()).problems, []);
    await again.close();
  });
}
