/** Damaged files of once maps and registers: the right data, or an error with a code. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, onceMap } from "../../mod.ts";
import { filled } from "../kernel/damaged_store.ts";
import { diskWith, readBytes } from "../kernel/file_bytes.ts";
import { assertDamage } from "../sim/damage/damage_sample.ts";

const PATH = "/golden.hold";
const SMALL = { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 };
const STORES = ["once map", "register"];

const owners = onceMap("owners", { key: codec.u8, value: codec.bytes });

for (const name of ["closed", "crashed"] as const) {
  test(`onceMap, register: every changed byte of a ${name} store is met by right data or a code`, {
    timeout: 60_000,
  }, async () => {
    const kinds = ["byte", "length field", "zeroed", "swapped", "stale", "garbage"] as const;
    await assertDamage({ stores: STORES, state: name, kinds, codes: ["CORRUPT_PAGE"] });
  });
}

test("onceMap, register: a store cut short at any length is an error with a code", {
  timeout: 60_000,
}, async () => {
  const codes = ["NOT_OUR_FILE", "NOT_FOUND", "CORRUPT_SUPERBLOCK"] as const;
  await assertDamage({ stores: STORES, kinds: ["cut", "removed", "emptied"], codes });
});

test("Database.open: bytes behind the end that the superblock names are no data, and do no harm", async () => {
  let io = memoryIo();
  const made = await Database.open(PATH, { ...SMALL, io });
  await made.update((tx) => {
    for (let key = 0; key < 21; key++) tx.open(owners).putIfAbsent(key, filled(10 + key, key));
  });
  await made.close();
  const clean = await readBytes(io, PATH);
  for (const extra of [1, 511, 4096, 50_000]) {
    const longer = new Uint8Array(clean.length + extra).fill(0xee);
    longer.set(clean);
    io = await diskWith(longer, PATH);
    const reader = await Database.open(PATH, { ...SMALL, io, readOnly: true });
    for (const [key, value] of reader.open(owners).entries()) {
      assert.deepEqual(value, filled(10 + key, key));
    }
    assert.equal(reader.open(owners).size, 21);
    await reader.close();
    assert.deepEqual(await readBytes(io, PATH), longer, "a reader changes nothing");
    const db = await Database.open(PATH, { ...SMALL, io });
    await db.update((tx) => {
      for (let key = 30; key < 60; key++) tx.open(owners).putIfAbsent(key, filled(3000, key));
    });
    assert.deepEqual((await db.check()).problems, []);
    assert.equal(db.open(owners).size, 51);
    await db.close();
  }
});
