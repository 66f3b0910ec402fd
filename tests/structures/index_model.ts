/** A sorted array beside an index: what every reading method must answer. */

import assert from "node:assert/strict";
import type { Prng } from "../../src/base/prng.ts";
import type { IndexMode, IndexReader, RangeOptions } from "../../mod.ts";

/** An entry: keys and values are small numbers, so that many meet. */
export type Entry = readonly [key: number, value: number];

function order(a: Entry, b: Entry): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** An index of numbers as a sorted array. */
export class IndexModel {
  readonly mode: IndexMode;
  entries: Entry[];

  constructor(mode: IndexMode, entries: readonly Entry[] = []) {
    this.mode = mode;
    this.entries = [...entries];
  }

  copy(): IndexModel {
    return new IndexModel(this.mode, this.entries);
  }

  valuesOf(key: number): number[] {
    return this.entries.filter((entry) => entry[0] === key).map((entry) => entry[1]);
  }

  /** @returns `false` where mode "exclusive" refuses. */
  put(key: number, value: number): boolean {
    const [present] = this.valuesOf(key);
    if (this.mode === "exclusive" && present !== undefined) return present === value;
    this.set(key, value);
    return true;
  }

  set(key: number, value: number): void {
    this.remove(key, this.mode === "cluster" ? value : undefined);
    this.entries.push([key, value]);
    this.entries.sort(order);
  }

  remove(key: number, value?: number): boolean {
    return this.removeWhere(([k, v]) => k === key && (value === undefined || v === value)) > 0;
  }

  removeWhere(matches: (entry: Entry) => boolean): number {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => !matches(entry));
    return before - this.entries.length;
  }

  range({ gt, gte, lt, lte, reverse, offset = 0, limit }: RangeOptions<number>): Entry[] {
    const found = this.entries.filter(([key]) =>
      (gt === undefined || key > gt) && (gte === undefined || key >= gte) &&
      (lt === undefined || key < lt) && (lte === undefined || key <= lte)
    );
    if (reverse) found.reverse();
    return found.slice(offset, limit === undefined ? undefined : offset + limit);
  }
}

/** Any combination of bounds, in any order, with or without the rest. */
export function randomRange(random: Prng, keys: number): RangeOptions<number> {
  const lower = random.below(3);
  const upper = random.below(3);
  return {
    ...(lower === 1 ? { gt: random.below(keys) } : lower === 2 ? { gte: random.below(keys) } : {}),
    ...(upper === 1 ? { lt: random.below(keys) } : upper === 2 ? { lte: random.below(keys) } : {}),
    ...(random.below(2) === 0 ? { reverse: true } : {}),
    ...(random.below(4) === 0 ? { offset: random.below(5) } : {}),
    ...(random.below(4) === 0 ? { limit: random.below(8) } : {}),
  };
}

type AnyReader = IndexReader<number, number, number[] | number | undefined>;

/** Asserts that every method of a view answers as the model does, for some arguments. */
export function assertReads(view: AnyReader, model: IndexModel, random: Prng, keys: number): void {
  const got = (key: number): number[] | number | undefined =>
    model.mode === "cluster" ? model.valuesOf(key) : model.valuesOf(key)[0];
  const some = Array.from({ length: 4 }, () => random.below(keys));
  for (const key of some) {
    assert.deepEqual(view.get(key), got(key));
    assert.equal(view.one(key), model.valuesOf(key)[0]);
    assert.equal(view.has(key), model.valuesOf(key).length > 0);
    assert.deepEqual(view.floor(key), model.range({ lte: key }).at(-1));
    assert.deepEqual(view.ceiling(key), model.range({ gte: key })[0]);
  }
  assert.deepEqual(view.getMany(some), some.map(got));
  assert.deepEqual(view.first(), model.entries[0]);
  assert.deepEqual(view.last(), model.entries.at(-1));
  assert.equal(view.count(), model.entries.length);
  assert.deepEqual([...view.range()], model.entries);
  const range = randomRange(random, keys);
  const expected = model.range(range);
  const message = JSON.stringify(range);
  assert.deepEqual([...view.range(range)], expected, message);
  assert.deepEqual([...view.keys(range)], expected.map(([key]) => key), message);
  assert.deepEqual([...view.values(range)], expected.map(([, value]) => value), message);
  assert.equal(view.count(range), expected.length, message);
}
