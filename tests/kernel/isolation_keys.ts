/** Cells of the conflict matrix that are about single keys. */

import assert from "node:assert/strict";
import { isHoldfastError } from "../../mod.ts";
import { bytes } from "./checked.ts";
import { all, type Cell, commit, groups, names, NO, notes, OK, words } from "./isolation_matrix.ts";

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
    name: "insert-insert: an exclusive index never takes two values for a key",
    async run(a, b, db) {
      b.open(names).put("x", "B");
      a.open(names).put("x", "A");
      return [await commit(a), await commit(b), db.open(names).get("x")];
    },
    outcome: all([OK, NO, "A"]),
  },
  {
    name: "insert-insert: an exclusive index refuses what its level shows",
    async run(a, b, db) {
      a.open(names).put("x", "A");
      const done = await commit(a);
      let refusal = "";
      try {
        b.open(names).put("x", "B");
      } catch (error) {
        refusal = isHoldfastError(error) ? error.code : "";
      }
      return [done, refusal, await commit(b), db.open(names).get("x")];
    },
    outcome: [
      [OK, "", NO, "A"],
      [OK, "", NO, "A"],
      [OK, "ALREADY_EXISTS", OK, "A"],
      [OK, "ALREADY_EXISTS", OK, "A"],
      [OK, "ALREADY_EXISTS", OK, "A"],
    ],
  },
  {
    name: "insert-insert: an exclusive put is no read of a key that is gone",
    async run(a, b, db) {
      const made = db.begin();
      made.open(names).put("x", "old");
      const done = [await commit(made)];
      const c = db.begin();
      const seen = b.open(names).get("x");
      c.open(names).remove("x");
      done.push(await commit(c), await commit(a));
      b.open(names).put("x", "B");
      return [seen, ...done, await commit(b), db.open(names).get("x")];
    },
    outcome: [
      [undefined, OK, OK, OK, NO, undefined],
      [undefined, OK, OK, OK, NO, undefined],
      ["old", OK, OK, OK, NO, undefined],
      ["old", OK, OK, OK, OK, "B"],
      ["old", OK, OK, OK, OK, "B"],
    ],
  },
  {
    name: "compareAndSet: only one of two has what it expected",
    before: { x: "old" },
    async run(a, b) {
      const was = [
        b.open(words).compareAndSet("x", "old", "B"),
        a.open(words).compareAndSet("x", "old", "A"),
      ];
      return [...was, await commit(a), await commit(b)];
    },
    outcome: all([true, true, OK, NO]),
    after: all({ x: "A" }),
  },
  {
    name: "compareAndSet: of one that removes and one that removes if",
    before: { x: "old", y: "old" },
    async run(a, b) {
      const was = [
        b.open(words).compareAndSet("x", "old", undefined),
        b.open(words).remove("y", "old"),
      ];
      a.open(words).put("y", "A");
      return [...was, await commit(a), await commit(b)];
    },
    outcome: all([true, true, OK, NO]),
    after: all({ x: "old", y: "A" }),
  },
  {
    name: "compareAndSet: of a value of a cluster",
    async run(a, b, db) {
      await db.update((tx) => tx.open(groups).put("x", "old"));
      const c = db.begin();
      const was = [
        b.open(groups).compareAndSet("x", "old", "B"),
        c.open(groups).compareAndSet("x", "old", "C"),
      ];
      const done = [await commit(c), await commit(a), await commit(b)];
      return [...was, ...done, db.open(groups).get("x")];
    },
    outcome: [
      [false, true, OK, OK, OK, ["C"]],
      [false, true, OK, OK, OK, ["C"]],
      [true, true, OK, OK, NO, ["C"]],
      [true, true, OK, OK, NO, ["C"]],
      [true, true, OK, OK, NO, ["C"]],
    ],
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
];
