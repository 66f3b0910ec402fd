/**
 * A small store of vectors, of which `tests/fixtures/vectors-v1.hold.gz` is one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, type Definition, vector, type VectorAccess } from "../../mod.ts";
import { readBytes } from "../kernel/file_bytes.ts";

/** Where it is. */
export const GOLDEN_PATH = "/golden.hold";

/** A point of a series. */
interface Sample {
  readonly at: Date;
  readonly on: boolean;
  readonly value: number;
}

export const numbers: Definition<VectorAccess<number>> = vector("numbers", codec.f64);
export const samples: Definition<VectorAccess<Sample>> = vector(
  "samples",
  codec.struct({ at: codec.date, on: codec.boolean, value: codec.f32 }),
  { default: { at: new Date(0), on: false, value: -1 } },
);
const blocks = vector("blocks", codec.fixed(2000));

/** The bytes of the store, closed cleanly. */
export async function buildGolden(): Promise<Uint8Array> {
  const io = memoryIo();
  const db = await Database.open(GOLDEN_PATH, { io });
  await db.update((tx) => {
    for (let i = 0; i < 300; i++) tx.open(numbers).push(i / 4);
    tx.open(numbers).delete(7);
    tx.open(numbers).set(2 ** 40, 9);
    for (let i = 0; i < 70; i++) {
      tx.open(samples).push({ at: new Date(i * 1000), on: i % 2 === 0, value: i / 2 });
    }
    tx.open(samples).resize(80);
    tx.open(blocks).push(new Uint8Array(2000).fill(1), new Uint8Array(2000).fill(2));
  });
  await db.close();
  return await readBytes(io, GOLDEN_PATH);
}

/** Asserts that a database holds what the store was made of. */
export function assertGolden(db: Database): void {
  const entries = [...db.open(numbers).entries()];
  const expected = Array.from({ length: 300 }, (_, i): [number, number] => [i, i / 4]);
  expected.splice(7, 1);
  expected.push([2 ** 40, 9]);
  assert.deepEqual(entries, expected);
  assert.equal(db.open(numbers).length, 2 ** 40 + 1);
  const found = db.open(samples);
  assert.equal(found.length, 80);
  assert.deepEqual(found.get(69), { at: new Date(69_000), on: false, value: 34.5 });
  assert.deepEqual(found.get(70), { at: new Date(0), on: false, value: -1 });
  assert.deepEqual(found.field("value", 68), new Float32Array([34, 34.5, ...Array(10).fill(-1)]));
  assert.deepEqual([...db.open(blocks)].map((block) => block[1999]), [1, 2]);
}
