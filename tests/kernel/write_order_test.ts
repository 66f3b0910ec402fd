import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, index, segment } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import type { KeyBounds } from "../../src/kernel/tree/tree_cursor.ts";
import { REMOVE, WriteSet } from "../../src/kernel/commit/write_set.ts";
import { WriteWalk } from "../../src/kernel/commit/write_walk.ts";
import { bytes, withStore } from "./checked.ts";

const TREES = [3, 4, 9];

/** A key of few values, many of which are the beginning of others. */
function someKey(random: Prng): Uint8Array {
  return Uint8Array.from({ length: random.below(4) }, () => random.below(4) * 85);
}

function textOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

/** The last value of each key by tree; `undefined`: removed. */
type Model = Map<number, Map<string, number | undefined>>;

function copyOf(model: Model): Model {
  return new Map([...model].map(([tree, keys]) => [tree, new Map(keys)]));
}

function change(set: WriteSet, model: Model, random: Prng): void {
  const tree = TREES[random.below(TREES.length)]!;
  const key = someKey(random);
  const value = random.below(256);
  if (random.below(4) === 0) set.remove(tree, key, key.length);
  else set.put(tree, key, key.length, Uint8Array.of(value), 0, 1);
  if (!model.has(tree)) model.set(tree, new Map());
  model.get(tree)!.set(textOf(key), set.kind(set.count - 1) === REMOVE ? undefined : value);
}

function someBounds(random: Prng): KeyBounds {
  return {
    lower: random.below(2) === 0 ? undefined : someKey(random),
    lowerOpen: random.below(2) === 0,
    upper: random.below(2) === 0 ? undefined : someKey(random),
    upperOpen: random.below(2) === 0,
    reverse: random.below(2) === 0,
  };
}

/** What a walk has to find: key and value as text. */
function expectedOf(model: Model, tree: number, bounds: KeyBounds): string[] {
  const { lower, lowerOpen, upper, upperOpen, reverse } = bounds;
  const found = [...model.get(tree) ?? []].filter(([key]) => {
    if (lower !== undefined && (lowerOpen ? key <= textOf(lower) : key < textOf(lower))) {
      return false;
    }
    return upper === undefined || (upperOpen ? key < textOf(upper) : key <= textOf(upper));
  }).sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => `${key}=${value}`);
  return reverse === true ? found.reverse() : found;
}

function entryAt(set: WriteSet, op: number): string {
  const at = set.keyAt(op);
  const key = textOf(set.out.bytes.subarray(at, at + set.keyLength(op)));
  return `${key}=${set.kind(op) === REMOVE ? undefined : set.out.bytes[set.valueAt(op)]}`;
}

for (const seed of [1, 2, 3, 4]) {
  test(`WriteWalk finds what there was when it began, while the set grows, seed ${seed}`, () => {
    const random = new Prng(seed);
    const set = new WriteSet();
    const model: Model = new Map();
    const walks: { walk: WriteWalk; expected: string[]; found: string[] }[] = [];
    for (let step = 0; step < 3000; step++) {
      change(set, model, random);
      if (random.below(4) === 0) {
        const tree = TREES[random.below(TREES.length)]!;
        const bounds = someBounds(random);
        const walk = new WriteWalk(set, tree, bounds);
        walks.push({ walk, expected: expectedOf(model, tree, bounds), found: [] });
      }
      for (let i = walks.length - 1; i >= 0; i--) {
        const { walk, expected, found } = walks[i]!;
        if (random.below(3) > 0) continue;
        if (walk.next()) {
          found.push(entryAt(set, walk.op));
          continue;
        }
        assert.deepEqual(found, expected);
        assert.equal(walk.next(), false, "the end stays the end");
        walks.splice(i, 1);
      }
    }
    for (const { walk, expected, found } of walks) {
      while (walk.next()) found.push(entryAt(set, walk.op));
      assert.deepEqual(found, expected);
    }
  });

  test(`WriteSet.frozen stays as it was while the set grows, seed ${seed}`, () => {
    const random = new Prng(seed);
    const set = new WriteSet();
    const model: Model = new Map();
    const held: { frozen: WriteSet; then: Model }[] = [];
    for (let step = 0; step < 600; step++) {
      change(set, model, random);
      if (random.below(20) === 0) held.push({ frozen: set.frozen(), then: copyOf(model) });
    }
    for (const { frozen, then } of held) {
      for (const tree of TREES) {
        for (let tries = 0; tries < 100; tries++) {
          const key = someKey(random);
          const op = frozen.find(tree, key, 0, key.length);
          const keys = then.get(tree);
          assert.equal(op >= 0, keys?.has(textOf(key)) ?? false);
          if (op >= 0) {
            assert.equal(entryAt(frozen, op), `${textOf(key)}=${keys?.get(textOf(key))}`);
          }
        }
        const walk = new WriteWalk(frozen, tree, {});
        const found: string[] = [];
        while (walk.next()) found.push(entryAt(frozen, walk.op));
        assert.deepEqual(found, expectedOf(then, tree, {}));
        if (then.has(tree)) assert.ok(frozen.touches(tree));
      }
    }
  });
}

/** Runs `body`, in which keys of write sets may be looked at `most` times. @returns how often */
async function looksIn(most: number, body: () => void | Promise<void>): Promise<number> {
  const { prototype } = WriteSet;
  const { keyAt } = prototype;
  let looks = 0;
  prototype.keyAt = function (this: WriteSet, op: number): number {
    if (++looks > most) throw new Error(`Keys were looked at more than ${most} times`);
    return keyAt.call(this, op);
  };
  try {
    await body();
  } finally {
    prototype.keyAt = keyAt;
  }
  return looks;
}

const ENTRIES = 20_000;

/** Keys in the order in which they are written, each once, on four trees in turn. */
const orders: readonly (readonly [string, (i: number) => number])[] = [
  ["ascending", (i) => i],
  ["descending", (i) => ENTRIES - i],
  ["scattered", (i) => Math.imul(i, 0x9e3779b1) >>> 0],
  ["from both ends", (i) => i % 2 === 0 ? i : 0xffff_ffff - i],
];
for (const [name, keyOf] of orders) {
  test(`WriteOrder: keys that come ${name} are entered with few comparisons`, async () => {
    const set = new WriteSet();
    const key = new Uint8Array(4);
    for (let i = 0; i < ENTRIES; i++) {
      new DataView(key.buffer).setUint32(0, keyOf(i));
      set.put(16 + i % 4, key, 4, key, 0, 4);
    }
    const looks = await looksIn(ENTRIES * 40, () => void set.order());
    assert.ok(looks > ENTRIES, `${looks} looks are counted`);
  });
}

interface Order {
  readonly customer: number;
}

const orderIndex = index("orders", {
  key: codec.u32,
  value: codec.json<Order>(),
  indexes: { byCustomer: { key: codec.u32, of: (order: Order): number => order.customer } },
});
const tags = index("tags", { key: codec.u32, value: codec.u32, mode: "cluster" });
const notes = segment("notes");

test("Transaction: ranges among many own changes cost the same as among few", async () => {
  await withStore(async (db) => {
    await db.update((tx) => void tx.open(notes).insert(bytes("first")));
    const rounds = 4000;
    // Each round makes about six cursors; through all that was written each would look 4000 times.
    const most = rounds * 300;
    await db.update((tx) =>
      looksIn(most, () => {
        for (let i = 0; i < rounds; i++) {
          const key = (Math.imul(i, 0x9e3779b1) >>> 0) % 1_000_000;
          tx.open(tags).put(key % 1000, key);
          assert.equal(tx.open(tags).one(key % 1000)! % 1000, key % 1000);
          assert.ok(tx.open(tags).last() !== undefined);
          if (i % 4 > 0) continue;
          tx.open(orderIndex).put(key, { customer: i });
          assert.deepEqual([...tx.open(orderIndex).range({ lte: key, reverse: true, limit: 1 })], [
            [key, { customer: i }],
          ]);
          assert.deepEqual([...tx.open(orderIndex).by("byCustomer").range({ gte: i, limit: 2 })], [
            [i, key, { customer: i }],
          ]);
          assert.equal([...tx.open(notes).scan({ limit: 1 })].length, 1);
        }
      }).then(() => {})
    );
    assert.equal(db.open(orderIndex).count(), rounds / 4);
  });
});
