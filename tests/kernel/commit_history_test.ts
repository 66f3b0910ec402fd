import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { CommitHistory } from "../../src/kernel/transaction/commit_history.ts";
import { WriteSet } from "../../src/kernel/commit/write_set.ts";
import { withStore } from "./checked.ts";
import { commit, NO, OK, words } from "./isolation_matrix.ts";

function setOf(tree: number, keys: readonly number[]): WriteSet {
  const set = new WriteSet();
  for (const key of keys) {
    set.put(tree, new Uint8Array([key >>> 8, key]), 2, new Uint8Array(0), 0, 0);
  }
  return set;
}

test("CommitHistory answers as a list of all commits does, and keeps what is asked for only", () => {
  const random = new Prng(5);
  const open: { since: number }[] = [{ since: 0 }];
  const history = new CommitHistory(open);
  const last = new Map<string, number>();
  for (let sequence = 0; sequence < 6000; sequence++) {
    const tree = 16 + random.below(3);
    const keys = [random.below(700), random.below(700), random.below(700)];
    history.record(setOf(tree, keys), sequence);
    for (const key of keys) last.set(`${tree}/${key}`, sequence);
    if (sequence % 40 === 0) open.push({ since: sequence });
    if (open.length > 4) open.splice(1, 1);
    if (sequence === 3000) open[0] = { since: 3000 };
    const { since } = open[random.below(open.length)]!;
    const asked = random.below(700);
    const set = setOf(tree, [asked]);
    const expected = (last.get(`${tree}/${asked}`) ?? -1) >= since;
    assert.equal(history.changedSince(set, 0, since), expected, `${sequence}`);
    if (sequence % 100 !== 0) continue;
    const seen = new Set<string>();
    assert.equal(history.someSince(since, (key) => !seen.add(key)), false);
    assert.equal(seen.size, [...last.values()].filter((each) => each >= since).length);
  }
  assert.ok(history.size <= 2100, `${history.size}`);
  open.length = 0;
  open.push({ since: 5990 });
  for (let i = 0; i < 6000; i++) history.record(setOf(16, [i]), 6000 + i);
  assert.equal(history.changedSince(setOf(17, [1]), 0, 0), false, "from before any was open");
  history.clear();
  assert.equal(history.size, 0);
  assert.equal(history.someSince(0, () => true), false);
});

test("CommitHistory does not grow while transactions overlap without end", () => {
  const open = [{ since: 0 }];
  const history = new CommitHistory(open);
  for (let sequence = 0; sequence < 20_000; sequence++) {
    open[0] = { since: Math.max(0, sequence - 3) };
    history.record(setOf(16, [sequence]), sequence);
    assert.ok(history.size <= 1024, `${history.size}`);
  }
});

test("Isolation serializable: hundreds of ranges, in any order, cover what they covered one by one", async () => {
  const random = new Prng(9);
  const name = (n: number): string => String(n).padStart(4, "0");
  for (let round = 0; round < 40; round++) {
    await withStore(async (db) => {
      await db.update((tx) => {
        for (let n = 0; n < 1000; n += 2) tx.open(words).put(name(n), "old");
      });
      const tx = db.begin({ isolation: "serializable" });
      const covered = new Set<number>();
      for (let i = 0; i < 20 + random.below(250); i++) {
        const from = random.below(1000);
        const to = Math.min(from + random.below(3), 999);
        const limit = 1 + random.below(2);
        const reverse = random.below(2) === 0;
        const walked = [
          ...tx.open(words).range({ gte: name(from), lte: name(to), limit, reverse }),
        ];
        const end = walked.length < limit ? undefined : Number(walked.at(-1)![0]);
        const low = reverse ? end ?? from : from;
        const high = reverse ? to : end ?? to;
        for (let n = low; n <= high; n++) covered.add(n);
      }
      const changed = random.below(1000);
      await db.update((other) => other.open(words).put(name(changed), "A"));
      tx.open(words).put("mine", "B");
      assert.equal(await commit(tx), covered.has(changed) ? NO : OK, `${round}: ${changed}`);
    });
  }
});
