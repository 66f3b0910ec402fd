/**
 * What a vector does, on any adapter.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Codec,
  codec,
  Database,
  type IoAdapter,
  vector,
  type VectorReader,
  type VectorWriter,
} from "../../mod.ts";
import { assertWhole } from "../kernel/checked.ts";

/** Runs `body` with an adapter and a path on it. */
export type OnDisk = (body: (io: IoAdapter, path: string) => Promise<void>) => Promise<void>;

const numbers = vector("numbers", codec.f64);
const points = vector("points", codec.struct({ x: codec.f64, id: codec.u32, on: codec.boolean }));

/** One transaction on an empty vector of numbers, then a look after reopening. */
function criterion(
  where: string,
  onDisk: OnDisk,
  name: string,
  change: (writer: VectorWriter<number>) => void,
  look: (reader: VectorReader<number>) => void,
): void {
  test(`vector on ${where}: ${name}`, async () => {
    await onDisk(async (io, path) => {
      const db = await Database.open(path, { io });
      await db.update((tx) => change(tx.open(numbers)));
      look(db.open(numbers));
      await assertWhole(db);
      await db.close();
      const again = await Database.open(path, { io });
      look(again.open(numbers));
      await again.close();
    });
  });
}

/** A number for each index, zero among them. */
const valueOf = (index: number): number => (index % 7) / 2 - 1;

/** The criteria of one kind of adapter. */
export function vectorSuite(where: string, onDisk: OnDisk): void {
  criterion(where, onDisk, "push, at, get and pop are those of arrays, at the edges too", (v) => {
    assert.equal(v.pop(), undefined);
    assert.equal(v.at(-1), undefined);
    assert.equal(v.push(), 0);
    assert.equal(v.push(1), 1);
    assert.equal(v.push(2, 3, 4), 4);
    assert.equal(v.pop(), 4);
    assert.deepEqual([v.at(-1), v.at(-3), v.at(-4), v.at(2.9), v.at(NaN)], [3, 1, undefined, 3, 1]);
    for (const index of [-1, 3, 1.5, NaN, Infinity]) assert.equal(v.get(index), undefined);
  }, (v) => assert.deepEqual([v.length, ...v], [3, 1, 2, 3]));

  criterion(
    where,
    onDisk,
    "set takes every index but invalid ones, which are a RangeError",
    (v) => {
      v.set(0, 0);
      v.set(2, 0);
      for (const index of [-1, 0.5, NaN, Infinity, 2 ** 53 - 1, 2 ** 53]) {
        assert.throws(() => v.set(index, 1), RangeError);
        assert.throws(() => v.insert(index, 1), RangeError);
        assert.throws(() => v.removeAt(index), RangeError);
        assert.throws(() => v.swapRemove(index), RangeError);
        assert.throws(() => v.delete(index), RangeError);
      }
      for (const length of [-1, 0.5, NaN, 2 ** 53]) {
        assert.throws(() => v.resize(length), RangeError);
        assert.throws(() => v.truncate(length), RangeError);
        assert.throws(() => v.reserve(length), RangeError);
      }
      assert.throws(() => v.set(0, "1" as unknown as number), TypeError);
      v.reserve(1e9);
      assert.throws(() => v.insert(4, 1), RangeError);
    },
    (v) => {
      assert.equal(v.length, 3);
      assert.deepEqual([v.has(0), v.has(1), v.has(2), v.has(3)], [true, false, true, false]);
      assert.deepEqual([...v.entries()], [[0, 0], [2, 0]]);
    },
  );

  criterion(where, onDisk, "zero is a value, and distinct from absent", (v) => {
    v.push(0, 0, 0);
    assert.equal(v.delete(1), true);
    assert.equal(v.delete(1), false);
    assert.equal(v.delete(3), false);
  }, (v) => {
    assert.deepEqual([v.get(0), v.get(1), v.get(2)], [0, undefined, 0]);
    assert.deepEqual([...v.presence()], [1, 0, 1]);
    assert.deepEqual([...v.toTypedArray()], [0, 0, 0]);
  });

  criterion(
    where,
    onDisk,
    "insert, removeAt and swapRemove move what they say, over chunks",
    (v) => {
      const plain: number[] = [];
      for (let i = 0; i < 1000; i++) plain.push(valueOf(i));
      v.extend(plain);
      for (const index of [0, 119, 120, 500, 1000]) {
        v.insert(index, 70, 71);
        plain.splice(index, 0, 70, 71);
      }
      for (const index of [0, 119, 120, 500, 900, 990]) {
        assert.equal(v.removeAt(index), plain.splice(index, 1)[0]);
        assert.equal(v.swapRemove(index), plain[index]);
        plain[index] = plain.at(-1)!;
        plain.pop();
      }
      assert.equal(v.insert(3), plain.length);
      assert.equal(v.removeAt(plain.length), undefined);
      assert.equal(v.swapRemove(plain.length), undefined);
      assert.deepEqual([...v], plain);
    },
    (v) => assert.deepEqual([v.length, v.get(1), v.at(-1)], [998, -1, 2]),
  );

  criterion(
    where,
    onDisk,
    "truncate, resize and clear keep what is below, and forget the rest",
    (v) => {
      v.extend(Array.from({ length: 2000 }, (_, i) => i));
      v.truncate(5000);
      assert.equal(v.length, 2000);
      v.truncate(1500);
      v.resize(1600);
      assert.deepEqual([v.length, v.get(1499), v.get(1500)], [1600, 1499, undefined]);
      v.resize(1610, 3);
      assert.deepEqual([v.has(1599), v.get(1600), v.get(1609)], [false, 3, 3]);
      v.clear();
      assert.deepEqual([v.length, [...v], v.get(0)], [0, [], undefined]);
      v.extend([1, 2, 3]);
      v.resize(2);
      v.resize(4);
    },
    (v) => assert.deepEqual([v.length, v.get(1), v.get(2)], [4, 2, undefined]),
  );

  criterion(
    where,
    onDisk,
    "fill and extend: ranges as for arrays, anything that can be iterated",
    (v) => {
      v.extend(new Set([1, 2, 3, 4, 5]));
      v.extend(new Float64Array([6, NaN]));
      v.extend(v);
      v.fill(0, -2);
      v.fill(9, 1, 3);
      v.fill(8, 3, 3);
      assert.throws(() => v.extend(5 as unknown as number[]), TypeError);
      const failing = (function* (): Generator<number> {
        for (let i = 0; i < 300; i++) yield i;
        throw new Error("enough");
      })();
      assert.throws(() => v.extend(failing), { message: "enough" });
      assert.throws(() => v.extend([1, "2" as unknown as number]), TypeError);
      assert.throws(() => v.push(1, "2" as unknown as number), TypeError);
      assert.throws(() => v.insert(0, 1, "2" as unknown as number), TypeError);
      assert.throws(() => v.fill("2" as unknown as number), TypeError);
      assert.throws(() => v.resize(100, "2" as unknown as number), TypeError);
    },
    (v) => assert.deepEqual([...v], [1, 9, 9, 4, 5, 6, NaN, 1, 2, 3, 4, 5, 0, 0]),
  );

  criterion(where, onDisk, "sparse indexes up to 2^40 take no space", (v) => {
    v.set(2 ** 40, 7);
    v.set(2 ** 20, 5);
    v.insert(2 ** 30, 6);
    assert.equal(v.removeAt(0), undefined);
    v.resize(2 ** 41);
    assert.equal(v.push(8), 2 ** 41 + 1);
    v.set(2 ** 53 - 2, 9);
    assert.throws(() => v.push(1), RangeError);
    assert.throws(() => v.push(1, 2), RangeError);
    assert.throws(() => v.insert(0, 1), RangeError);
    assert.equal(v.pop(), 9);
    v.truncate(2 ** 41 + 1);
  }, (v) => {
    assert.equal(v.length, 2 ** 41 + 1);
    const entries = [[2 ** 20 - 1, 5], [2 ** 30 - 1, 6], [2 ** 40, 7], [2 ** 41, 8]];
    assert.deepEqual([...v.entries()], entries);
    assert.deepEqual([...v.toTypedArray(2 ** 40, 2 ** 40 + 2)], [7, 0]);
  });

  test(`vector on ${where}: columns come out as typed arrays that are the caller's`, async () => {
    await onDisk(async (io, path) => {
      const db = await Database.open(path, { io });
      await db.update((tx) => {
        const writer = tx.open(points);
        for (let i = 0; i < 500; i++) writer.push({ x: i / 2, id: i, on: i % 3 === 0 });
        const x = writer.field("x");
        x[0] = 99;
        assert.equal(writer.get(0)!.x, 0);
        assert.throws(() => writer.field("y" as "x"), TypeError);
        assert.throws(() => writer.toTypedArray(), TypeError);
      });
      const reader = db.open(points);
      assert.deepEqual(reader.field("x", 498), new Float64Array([249, 249.5]));
      assert.deepEqual(reader.field("id", 100, 103), new Uint32Array([100, 101, 102]));
      assert.deepEqual(reader.field("on", -3), new Uint8Array([0, 1, 0]));
      assert.deepEqual(reader.at(-1), { x: 249.5, id: 499, on: false });
      await db.close();
    });
  });
}

/** Every kind of element: codec, values, and the typed array of the first two, if there is one. */
export const ELEMENTS: readonly (readonly [Codec<never>, readonly unknown[], string?])[] = [
  [codec.u8, [0, 255], "Uint8Array"],
  [codec.u16, [0, 65535], "Uint16Array"],
  [codec.u32, [0, 2 ** 32 - 1], "Uint32Array"],
  [codec.u64, [0n, 2n ** 64n - 1n], "BigUint64Array"],
  [codec.u128, [0n, 2n ** 128n - 1n]],
  [codec.i8, [-128, 127], "Int8Array"],
  [codec.i16, [-32768, 32767], "Int16Array"],
  [codec.i32, [-(2 ** 31), 2 ** 31 - 1], "Int32Array"],
  [codec.i64, [-(2n ** 63n), 2n ** 63n - 1n], "BigInt64Array"],
  [codec.i128, [-(2n ** 127n), 2n ** 127n - 1n]],
  [codec.f32, [0.5, -Infinity, NaN, -0], "Float32Array"],
  [codec.f64, [0.1, Infinity, NaN, -0, Number.MIN_VALUE], "Float64Array"],
  [codec.boolean, [true, false], "Uint8Array"],
  [codec.date, [new Date(-8.64e15), new Date(5)], "Float64Array"],
  [codec.uuid, ["00000000-0000-0000-0000-000000000000", "ffffffff-0000-4000-8000-000000000001"]],
  [codec.fixed(1), [new Uint8Array([0]), new Uint8Array([7])]],
  [codec.fixed(3), [new Uint8Array([0, 0, 0]), new Uint8Array([1, 2, 3])]],
  [codec.fixed(12), [new Uint8Array(12), new Uint8Array(12).fill(9)]],
  [codec.fixed(4097), [new Uint8Array(4097), new Uint8Array(4097).fill(9)]],
  [codec.fixed(65535), [new Uint8Array(65535), new Uint8Array(65535).fill(9)]],
  [codec.desc(codec.u8), [0, 255]],
  [codec.tuple(codec.u8, codec.f64), [[1, 0.5], [0, 0]]],
  [
    codec.struct({ a: codec.tuple(codec.u8, codec.i64), b: codec.fixed(0), "c d": codec.f32 }),
    [{ a: [1, -2n], b: new Uint8Array(0), "c d": 0.25 }],
  ],
  [
    codec.struct({ big: codec.fixed(65535), more: codec.fixed(20_000) }),
    [{ big: new Uint8Array(65535).fill(3), more: new Uint8Array(20_000).fill(4) }],
  ],
] as unknown as readonly (readonly [Codec<never>, readonly unknown[], string?])[];
