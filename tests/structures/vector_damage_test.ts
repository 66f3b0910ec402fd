/** Damaged stores with vectors: the right elements, or a typed error; and files made once. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ByteWriter, Database, type Definition } from "../../mod.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { diskWith } from "../kernel/file_bytes.ts";
import { assertWhole, withStore } from "../kernel/checked.ts";
import { assertDamage } from "../sim/damage/damage_sample.ts";
import { ROOT } from "../tools/repository.ts";
import { assertGolden, GOLDEN_PATH, numbers, samples } from "./vector_fixture.ts";

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Where the boolean of the first sample is: behind the bitmap and 72 dates. */
const ON_AT = 16 + 72 * 8;

test("vector: every byte of a store changed in turn is the right elements, or a typed error", {
  timeout: 60_000,
}, async () => {
  const codes = ["CORRUPT_PAGE", "CORRUPT_VALUE"] as const;
  await assertDamage({ stores: ["vector"], codes });
});

test("vector: a store cut short at any length is refused", { timeout: 60_000 }, async () => {
  const kinds = ["cut", "removed", "emptied"] as const;
  await assertDamage({ stores: ["vector"], kinds, codes: ["CORRUPT_SUPERBLOCK", "NOT_OUR_FILE"] });
});

test("vector: bytes that are no chunk, and no length, are CORRUPT_VALUE; check tells them", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(numbers).extend([1, 2, 3]);
      tx.open(samples).push({ at: new Date(1), on: true, value: 1 });
    });
    const raw = (name: string): ReturnType<typeof rawTree> =>
      rawTree(db.structures().find((each) => each.name === name)!);
    const chunkOf = (name: string): Uint8Array => {
      const cursor = db.open(raw(name)).cursor({ reverse: true });
      assert.ok(cursor.next());
      cursor.loadValue();
      const value = cursor.valueBytes.slice(cursor.valueBegin, cursor.valueEnd);
      cursor.close();
      return value;
    };
    const before = { numbers: chunkOf("numbers"), samples: chunkOf("samples") };
    const put = (name: string, key: Uint8Array, value: Uint8Array): Promise<void> =>
      db.update((tx) => {
        const out = new ByteWriter(8);
        out.raw(key);
        tx.open(raw(name)).put(out, value, value.length);
      });
    const refused = async (
      name: "numbers" | "samples",
      look: (db: Database) => unknown,
      value: Uint8Array,
      key = new Uint8Array(8),
    ): Promise<void> => {
      const whole = key.length === 8 ? before[name] : undefined;
      await put(name, key, value);
      assert.throws(() => look(db), { code: "CORRUPT_VALUE" });
      const structures: Definition<unknown>[] = [numbers, samples];
      const { problems } = await db.check({ structures });
      if (whole !== undefined) {
        assert.deepEqual(problems.map(({ code }) => code), ["CORRUPT_VALUE"]);
        await put(name, key, whole);
      }
      assert.deepEqual((await db.check({ structures })).problems, []);
    };
    const first = (db: Database): unknown => db.open(numbers).get(0);
    await refused("numbers", first, before.numbers.slice(1));
    await refused("numbers", (db) => [...db.open(numbers)], new Uint8Array(0));
    await refused("numbers", (db) => db.open(numbers).toTypedArray(), new Uint8Array(977));
    const sample = before.samples.slice();
    sample[ON_AT] = 2;
    await refused("samples", (db) => db.open(samples).get(0), sample);
    const time = before.samples.slice();
    time.fill(0xff, 16, 24);
    await refused("samples", (db) => db.open(samples).get(0), time);
    await refused("numbers", (db) => db.open(numbers).length, new Uint8Array(7), Uint8Array.of(0));
    await refused(
      "numbers",
      (db) => db.open(numbers).length,
      new Uint8Array(8).fill(255),
      Uint8Array.of(0),
    );
    await put("numbers", Uint8Array.of(0), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3));
    assert.deepEqual([...db.open(numbers)], [1, 2, 3]);
  });
});

test("regression: the bytes of a vector are the same everywhere", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(numbers).push(1, -0, NaN);
      tx.open(numbers).set(2, -NaN);
    });
    const cursor = db.open(
      rawTree(db.structures().find(({ name }) => name === "numbers")!),
    ).cursor({});
    const entries: string[] = [];
    while (cursor.next()) {
      cursor.loadValue();
      const hex = (bytes: Uint8Array): string => hexOf(bytes).replace(/(00)+$/, "");
      const { keyBytes, keyBegin, keyEnd, valueBytes, valueBegin, valueEnd } = cursor;
      const value = valueBytes.slice(valueBegin, valueEnd);
      entries.push(`${keyEnd - keyBegin}:${hex(keyBytes.slice(keyBegin, keyEnd))}`);
      entries.push(`${value.length}:${hex(value)}`);
    }
    const one = "000000000000f03f";
    const minusZero = "0000000000000080";
    const nan = "000000000000f87f";
    assert.deepEqual(entries, [
      "1:",
      "8:0000000000000003",
      "8:",
      `976:07${"00".repeat(15)}${one}${minusZero}${nan}`,
    ]);
  });
});

test(
  "vector: a store of version 1 holds what it held, to read and to go on",
  { timeout: 60_000 },
  async () => {
    const image = gunzipSync(readFileSync(join(ROOT, "tests/fixtures/vectors-v1.hold.gz")));
    const io = await diskWith(image, GOLDEN_PATH);
    const db = await Database.open(GOLDEN_PATH, { io });
    assertGolden(db);
    await db.update((tx) => tx.open(numbers).push(77));
    assert.equal(db.open(numbers).at(-1), 77);
    await assertWhole(db);
    await db.close();
  },
);
