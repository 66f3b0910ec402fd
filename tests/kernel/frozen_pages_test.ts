/** The order in which a checkpoint writes pages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FrozenPages } from "../../src/kernel/page/frozen_pages.ts";
import { Prng } from "../../src/base/prng.ts";

test("FrozenPages: lower ranks first, and pages of one rank by number", () => {
  const random = new Prng(1);
  const pageCount = 5000;
  const pages = new FrozenPages(pageCount);
  const expected: (readonly [rank: number, page: number])[] = [];
  // The first and the last page of a word, and of the file.
  const chosen = new Set([0, 31, 32, 63, 4992, 4999]);
  while (chosen.size < 700) chosen.add(random.below(pageCount));
  for (const page of [...chosen].sort(() => random.below(3) - 1)) {
    const rank = [0, 0, 0, 1, 2, 255, 256, 511][random.below(8)]!;
    pages.add(page, rank);
    expected.push([rank, page]);
  }
  expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  assert.equal(pages.length, 700);
  assert.deepEqual([...pages], expected.map(([, page]) => page));
});

test("FrozenPages: none of an empty file", () => {
  assert.deepEqual([...new FrozenPages(0)], []);
});
