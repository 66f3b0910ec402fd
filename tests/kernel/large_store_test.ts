/**
 * A store that grows in a real file while checkpoints run beside its commits, in real time, and every
 * entry of it. `LARGE_STORE_ENTRIES=1000000` is a file of several hundred megabytes.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { assertWhole, withFolder } from "./checked.ts";

const ENTRIES = Number(process.env.LARGE_STORE_ENTRIES ?? 30_000);
const BATCH = 1000;

const table = index("table", { key: codec.bytes, value: codec.bytes });

/** 16 bytes, in no order. */
function keyOf(n: number): Uint8Array {
  const words = new Uint32Array(4);
  let mixed = n + 1;
  for (let i = 0; i < 4; i++) {
    mixed = Math.imul(mixed ^ mixed >>> 16, 0x85ebca6b);
    mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35) + n;
    words[i] = mixed ^ mixed >>> 16;
  }
  return new Uint8Array(words.buffer);
}

/** What the last write of an entry has left; 0: it was removed. */
function valueOf(n: number, written: number): Uint8Array {
  return new Uint8Array(60 + (n + written) % 80).fill(n + written);
}

/** Each entry as it was written last. */
async function assertAll(db: Database, written: Uint8Array): Promise<void> {
  const entries = db.open(table);
  let present = 0;
  for (let n = 0; n < written.length; n++) {
    const found = entries.get(keyOf(n));
    if (written[n] === 0) assert.equal(found, undefined, `entry ${n} was removed`);
    else {
      present++;
      const wanted = valueOf(n, written[n]!);
      assert.ok(found !== undefined, `entry ${n} is lost`);
      assert.equal(found.length, wanted.length, `entry ${n}`);
      assert.equal(found[0], wanted[0], `entry ${n}`);
    }
  }
  assert.equal(entries.count(), present);
  await assertWhole(db);
}

test(`Database: every one of ${ENTRIES} entries is there while the file grows, and after opening it again`, async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/large.hold`;
    const random = new Prng(1);
    const written = new Uint8Array(ENTRIES);
    let db = await Database.open(path, { cacheBytes: 256 * 1024 * 1024 });
    for (let first = 0; first < ENTRIES; first += BATCH) {
      await db.update((tx) => {
        const entries = tx.open(table);
        for (let n = first; n < first + BATCH; n++) {
          entries.put(keyOf(n), valueOf(n, 1));
          written[n] = 1;
          if (n % 10 > 0) continue;
          const other = random.below(n + 1);
          const version = random.below(5) === 0 ? 0 : 2 + random.below(100);
          if (version === 0) entries.remove(keyOf(other));
          else entries.put(keyOf(other), valueOf(other, version));
          written[other] = version;
        }
      });
    }
    await assertAll(db, written);
    await db.close();
    db = await Database.open(path);
    await assertAll(db, written);
    await db.close();
  });
});
