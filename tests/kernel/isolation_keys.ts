/** Cells of the conflict matrix that are about single keys, and about changes taken back. */

import assert from "node:assert/strict";
import { bytes } from "./checked.ts";
import { all, type Cell, commit, groups, NO, notes, OK, words } from "./isolation_matrix.ts";

export const KEY_CELLS: readonly Cell[] = [
  {
    name: "r-w: what B read is changed, and B changes something else",
    before: { x: "old", y: "old" },
    async run(a, b) {
      const words_ = b.open(words);
      const first = words_.get("x");
      a.open(words).put("x", "A");
      const done = await commit(a);
      const second = words_.get("x");
      words_.put("y", "B");
      return [done, first, second, await commit(b)];
    },
    outcome: [
      [OK, "old", "old", OK],
      [OK, "old", "old", NO],
      [OK, "old", "A", OK],
      [OK, "old", "A", OK],
      [OK, "old", "A", OK],
    ],
    after: [
      { x: "A", y: "B" },
      { x: "A", y: "old" },
      { x: "A", y: "B" },
      { x: "A", y: "B" },
      { x: "A", y: "B" },
    ],
  },
  {
    name: "r-w: nothing is seen before it is committed, and at most levels not after",
    before: { x: "old" },
    async run(a, b) {
      a.open(words).put("x", "A");
      const first = b.open(words).get("x");
      a.open(words).put("x", "A2");
      const done = a.commit();
      const second = b.open(words).get("x");
      await done;
      return [first, second, [...b.open(words).range()], await commit(b)];
    },
    outcome: [
      ["old", "old", [["x", "old"]], OK],
      ["old", "old", [["x", "old"]], OK],
      ["old", "A2", [["x", "A2"]], OK],
      ["old", "A2", [["x", "A2"]], OK],
      ["old", "A2", [["x", "A2"]], OK],
    ],
    after: all({ x: "A2" }),
  },
  {
    name: "lost update: B reads, A changes, B changes what it read",
    before: { x: "old" },
    async run(a, b) {
      const read = b.open(words).get("x");
      a.open(words).put("x", "A");
      const done = await commit(a);
      b.open(words).put("x", `${read}+B`);
      return [done, await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, NO], [OK, OK], [OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "old+B" }, { x: "old+B" }],
  },
  {
    name: "lost update after a second read that saw the change: none",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).get("x");
      a.open(words).put("x", "A");
      const done = await commit(a);
      b.open(words).put("x", `${b.open(words).get("x")}+B`);
      return [done, await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, OK], [OK, OK], [OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A+B" }, { x: "A+B" }, { x: "A+B" }],
  },
  {
    name: "lost update when a range has read the key",
    before: { w: "old", x: "old", y: "old" },
    async run(a, b) {
      const walked = [...b.open(words).range({ gte: "x", limit: 1 })];
      a.open(words).put("x", "A");
      const done = await commit(a);
      b.open(words).put("x", "B");
      return [walked.length, done, await commit(b)];
    },
    outcome: [[1, OK, NO], [1, OK, NO], [1, OK, NO], [1, OK, OK], [1, OK, OK]],
    after: [
      { w: "old", x: "A", y: "old" },
      { w: "old", x: "A", y: "old" },
      { w: "old", x: "A", y: "old" },
      { w: "old", x: "B", y: "old" },
      { w: "old", x: "B", y: "old" },
    ],
  },
  {
    name: "a range that ended before the key has not read it, and hides no earlier read",
    before: { x: "old", y: "old" },
    async run(a, b) {
      b.open(words).get("y");
      a.open(words).put("x", "A");
      a.open(words).put("y", "A");
      const done = await commit(a);
      const walked = [...b.open(words).range({ limit: 1 })].length;
      const savepoint = b.savepoint();
      b.open(words).put("y", "B");
      savepoint.release();
      return [walked, done, await commit(b)];
    },
    outcome: [[1, OK, NO], [1, OK, NO], [1, OK, NO], [1, OK, OK], [1, OK, OK]],
    after: [
      { x: "A", y: "A" },
      { x: "A", y: "A" },
      { x: "A", y: "A" },
      { x: "A", y: "B" },
      { x: "A", y: "B" },
    ],
  },
  {
    name: "w-w: both change a key before either commits",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).put("x", "B");
      a.open(words).put("x", "A");
      return [await commit(a), await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, NO], [OK, NO], [OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "A" }, { x: "B" }],
  },
  {
    name: "w-w: B changes the key without a read, after A has committed",
    before: { x: "old" },
    async run(a, b) {
      a.open(words).put("x", "A");
      const done = await commit(a);
      b.open(words).put("x", "B");
      return [done, await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, OK], [OK, OK], [OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "B" }, { x: "B" }, { x: "B" }],
  },
  {
    name: "w-w: to change the key again later does not forget the first change",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).put("x", "B");
      a.open(words).put("x", "A");
      const done = await commit(a);
      const own = b.open(words).get("x");
      b.open(words).put("x", `${own}2`);
      return [done, await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, NO], [OK, NO], [OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "A" }, { x: "B2" }],
  },
  {
    name: "w-w: different keys",
    before: {},
    async run(a, b) {
      b.open(words).put("y", "B");
      a.open(words).put("x", "A");
      return [b.open(words).get("y"), ...await Promise.all([commit(a), commit(b)])];
    },
    outcome: all(["B", OK, OK]),
    after: all({ x: "A", y: "B" }),
  },
  {
    name: "insert-insert: both find the key absent and put it",
    async run(a, b) {
      if (!b.open(words).has("x")) b.open(words).put("x", "B");
      if (!a.open(words).has("x")) a.open(words).put("x", "A");
      return [await commit(a), await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, NO], [OK, NO], [OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "A" }, { x: "B" }],
  },
  {
    name: "insert-insert: B finds the key absent before and puts it after A",
    async run(a, b) {
      const found = b.open(words).has("x");
      a.open(words).put("x", "A");
      const done = await commit(a);
      b.open(words).put("x", "B");
      return [found, done, await commit(b)];
    },
    outcome: [[false, OK, NO], [false, OK, NO], [false, OK, NO], [false, OK, OK], [
      false,
      OK,
      OK,
    ]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "B" }, { x: "B" }],
  },
  {
    name: "insert-insert: values of one key of a cluster",
    async run(a, b) {
      b.open(groups).put("x", "B");
      a.open(groups).put("x", "A");
      const done = [await commit(a), await commit(b)];
      return done;
    },
    outcome: all([OK, OK]),
  },
  {
    name: "insert-insert: B has read all values of the key of a cluster",
    async run(a, b) {
      const found = b.open(groups).get("x");
      a.open(groups).put("x", "A");
      b.open(groups).put("x", "B");
      return [found, await commit(a), await commit(b)];
    },
    outcome: [[[], OK, OK], [[], OK, NO], [[], OK, OK], [[], OK, OK], [[], OK, OK]],
  },
  {
    name: "insert-insert: records of a segment",
    async run(a, b, db) {
      const mine = b.open(notes).insert(bytes("B"));
      const theirs = a.open(notes).insert(bytes("A"));
      const done = [await commit(a), await commit(b)];
      assert.notEqual(`${mine}`, `${theirs}`);
      return [...done, db.open(notes).count()];
    },
    outcome: all([OK, OK, 2]),
  },
  {
    name: "delete-update: B has put what A removes",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).put("x", "B");
      a.open(words).remove("x");
      return [await commit(a), await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, NO], [OK, NO], [OK, OK]],
    after: [{}, {}, {}, {}, { x: "B" }],
  },
  {
    name: "update-delete: B has removed what A puts",
    before: { x: "old" },
    async run(a, b) {
      const was = b.open(words).remove("x");
      a.open(words).put("x", "A");
      return [was, await commit(a), await commit(b)];
    },
    outcome: [[true, OK, NO], [true, OK, NO], [true, OK, NO], [true, OK, NO], [true, OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "A" }, {}],
  },
  {
    name: "update-delete: B removes what it read before A changed it",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).get("x");
      a.open(words).put("x", "A");
      const done = await commit(a);
      const was = b.open(words).remove("x");
      return [was, done, await commit(b)];
    },
    outcome: [[true, OK, NO], [true, OK, NO], [true, OK, NO], [true, OK, OK], [true, OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, {}, {}],
  },
  {
    name: "delete-delete",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).remove("x");
      a.open(words).remove("x");
      return [await commit(a), await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, NO], [OK, NO], [OK, OK]],
    after: all({}),
  },
  {
    name: "delete of nothing: B was told that there is nothing, A puts it",
    before: { y: "old" },
    async run(a, b) {
      const was = b.open(words).remove("x");
      a.open(words).put("x", "A");
      b.open(words).put("y", "B");
      return [was, await commit(a), await commit(b)];
    },
    outcome: [[false, OK, OK], [false, OK, NO], [false, OK, OK], [false, OK, OK], [
      false,
      OK,
      OK,
    ]],
    after: [
      { x: "A", y: "B" },
      { x: "A", y: "old" },
      { x: "A", y: "B" },
      { x: "A", y: "B" },
      { x: "A", y: "B" },
    ],
  },
  {
    name: "delete taken back: B was told that the key was there, A removes it",
    before: { x: "old", y: "old" },
    async run(a, b) {
      const savepoint = b.savepoint();
      const was = b.open(words).remove("x");
      savepoint.rollback();
      a.open(words).remove("x");
      b.open(words).put("y", `x was ${was}`);
      return [await commit(a), await commit(b)];
    },
    outcome: [[OK, OK], [OK, NO], [OK, OK], [OK, OK], [OK, OK]],
    after: [
      { y: "x was true" },
      { y: "old" },
      { y: "x was true" },
      { y: "x was true" },
      { y: "x was true" },
    ],
  },
  {
    name: "own changes that were read are no conflicts",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).put("mine", "B");
      const seen = [b.open(words).get("mine"), b.open(words).has("mine")];
      b.open(words).remove("mine");
      seen.push(b.open(words).has("mine"), b.open(words).remove("mine"));
      a.open(words).put("x", "A");
      return [...seen, await commit(a), await commit(b)];
    },
    outcome: all(["B", true, false, false, OK, OK]),
    after: all({ x: "A" }),
  },
  {
    name: "savepoint: a change that was taken back is in nobody's way",
    before: { x: "old", y: "old" },
    async run(a, b) {
      const savepoint = b.savepoint();
      b.open(words).put("x", "B");
      a.open(words).put("x", "A");
      const done = await commit(a);
      savepoint.rollback();
      const seen = b.open(words).get("x");
      b.open(words).put("y", "B");
      return [seen, done, await commit(b)];
    },
    outcome: [["old", OK, OK], ["old", OK, NO], ["A", OK, OK], ["A", OK, OK], ["A", OK, OK]],
    after: [
      { x: "A", y: "B" },
      { x: "A", y: "old" },
      { x: "A", y: "B" },
      { x: "A", y: "B" },
      { x: "A", y: "B" },
    ],
  },
  {
    name: "savepoint: after it was rolled back, changes are judged anew",
    before: { x: "old", y: "old" },
    async run(a, b) {
      b.open(words).put("y", "B");
      const savepoint = b.savepoint();
      b.open(words).put("x", "lost");
      b.open(words).remove("y");
      a.open(words).put("x", "A");
      const done = await commit(a);
      savepoint.rollback();
      b.open(words).put("x", "B");
      return [done, await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, OK], [OK, OK], [OK, OK]],
    after: [
      { x: "A", y: "old" },
      { x: "A", y: "old" },
      { x: "B", y: "B" },
      { x: "B", y: "B" },
      { x: "B", y: "B" },
    ],
  },
  {
    name: "savepoint: changes before it are judged as they were made",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).put("x", "B");
      const savepoint = b.savepoint();
      b.open(words).put("x", "lost");
      a.open(words).put("x", "A");
      const done = await commit(a);
      savepoint.rollback();
      b.open(words).put("y", "B");
      return [done, await commit(b)];
    },
    outcome: [[OK, NO], [OK, NO], [OK, NO], [OK, NO], [OK, OK]],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "A" }, { x: "B", y: "B" }],
  },
];
