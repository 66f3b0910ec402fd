/** Cells of the conflict matrix that are about own changes, read or taken back. */

import { all, type Cell, commit, NO, OK, words } from "./isolation_matrix.ts";

export const SAVEPOINT_CELLS: readonly Cell[] = [
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
    name: "savepoint: to read an own change that is taken back is no read of the key",
    before: { x: "old" },
    async run(a, b) {
      b.open(words).get("x");
      const savepoint = b.savepoint();
      b.open(words).put("x", "lost");
      a.open(words).put("x", "A");
      const done = await commit(a);
      const seen = [b.open(words).get("x"), b.open(words).has("x")];
      seen.push([...b.open(words).range()].length === 1);
      savepoint.rollback();
      b.open(words).put("x", "B");
      return [...seen, done, await commit(b)];
    },
    outcome: [
      ["lost", true, true, OK, NO],
      ["lost", true, true, OK, NO],
      ["lost", true, true, OK, NO],
      ["lost", true, true, OK, OK],
      ["lost", true, true, OK, OK],
    ],
    after: [{ x: "A" }, { x: "A" }, { x: "A" }, { x: "B" }, { x: "B" }],
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
