/** Cells of the conflict matrix that are about ranges, counts, heads and whole structures. */

import assert from "node:assert/strict";
import { codec, index, isHoldfastError } from "../../mod.ts";
import { bytes } from "./checked.ts";
import { all, audit, type Cell, commit, NO, OK, words } from "./isolation_matrix.ts";

export const RANGE_CELLS: readonly Cell[] = [
  {
    name: "range-phantom: A inserts into what B has walked",
    before: { a: "1", c: "3" },
    async run(a, b) {
      const seen = [...b.open(words).range({ gte: "a", lt: "d" })].length;
      a.open(words).put("b", "A");
      const done = await commit(a);
      const again = [...b.open(words).range({ gte: "a", lt: "d" })].length;
      b.open(words).put("z", "B");
      return [seen, again, done, await commit(b)];
    },
    outcome: [[2, 2, OK, OK], [2, 2, OK, NO], [2, 3, OK, OK], [2, 3, OK, OK], [2, 3, OK, OK]],
    after: [
      { a: "1", b: "A", c: "3", z: "B" },
      { a: "1", b: "A", c: "3" },
      { a: "1", b: "A", c: "3", z: "B" },
      { a: "1", b: "A", c: "3", z: "B" },
      { a: "1", b: "A", c: "3", z: "B" },
    ],
  },
  {
    name: "range-phantom: A removes from an open iterator's part that was walked",
    before: { a: "1", b: "2", c: "3" },
    async run(a, b) {
      const walk = b.open(words).range();
      walk.next();
      walk.next();
      a.open(words).remove("b");
      b.open(words).put("z", "B");
      const done = [await commit(a), await commit(b)];
      walk.return?.();
      return done;
    },
    outcome: [[OK, OK], [OK, NO], [OK, OK], [OK, OK], [OK, OK]],
    after: [
      { a: "1", c: "3", z: "B" },
      { a: "1", c: "3" },
      { a: "1", c: "3", z: "B" },
      { a: "1", c: "3", z: "B" },
      { a: "1", c: "3", z: "B" },
    ],
  },
  {
    name: "range-phantom: A changes only what B's walks did not reach",
    before: { a: "1", c: "3", e: "5", g: "7" },
    async run(a, b) {
      const reader = b.open(words);
      const seen = [
        ...reader.range({ limit: 1 }),
        ...reader.range({ reverse: true, limit: 1 }),
        ...reader.range({ gt: "c", lt: "f" }),
      ].map(([key]) => key).join("");
      for (const key of ["b", "c", "f"]) a.open(words).put(key, "A");
      b.open(words).put("z", "B");
      return [seen, await commit(a), await commit(b)];
    },
    outcome: all(["age", OK, OK]),
    after: all({ a: "1", b: "A", c: "A", e: "5", f: "A", g: "7", z: "B" }),
  },
  ...([
    ["gte", { gte: "c" }, "c"],
    ["gt", { gt: "c" }, "d"],
    ["lte", { lte: "c" }, "c"],
    ["lt", { lt: "c" }, "b"],
    ["reverse", { reverse: true, limit: 2 }, "f"],
    ["nothing below", { lt: "a" }, "0"],
    ["nothing at all", { gt: "m", lt: "p" }, "n"],
  ] as const).map(([what, range, key]): Cell => ({
    name: `range-phantom at the bound: ${what}`,
    before: { a: "1", e: "5", g: "7" },
    async run(a, b) {
      const seen = [...b.open(words).range(range)].length;
      a.open(words).put(key, "A");
      b.open(words).put("z", "B");
      return [typeof seen, await commit(a), await commit(b)];
    },
    outcome: [
      ["number", OK, OK],
      ["number", OK, NO],
      ["number", OK, OK],
      ["number", OK, OK],
      ["number", OK, OK],
    ],
  })),
  ...([
    ["the first of them", 0, NO],
    ["one in the middle", 100, NO],
    ["the last of them", 398, NO],
    ["what lies between two of them", 101, OK],
  ] as const).map(([what, key, end]): Cell => ({
    name: `range-phantom: B walks hundreds of ranges, A inserts into ${what}`,
    async run(a, b) {
      const name = (n: number): string => String(n).padStart(3, "0");
      for (let n = 0; n < 200; n++) {
        const begin = n * 2 * 67 % 400;
        for (const _ of b.open(words).range({ gte: name(begin), lt: name(begin + 1) }));
      }
      a.open(words).put(name(key), "A");
      b.open(words).put("z", "B");
      return [await commit(a), await commit(b)];
    },
    outcome: [[OK, OK], [OK, end], [OK, OK], [OK, OK], [OK, OK]],
  })),
  {
    name: "range-phantom: an iterator that was asked for nothing has read nothing",
    async run(a, b) {
      const open = b.open(words).range();
      b.open(words).range({ reverse: true }).return?.();
      a.open(words).put("b", "A");
      b.open(words).put("z", "B");
      const done = [await commit(a), await commit(b)];
      return [...done, [...open].length];
    },
    outcome: all([OK, OK, 0]),
    after: all({ b: "A", z: "B" }),
  },
  {
    name: "lost update: what an iterator yields was read when it began",
    before: { w: "old", x: "old" },
    async run(a, b) {
      const walk = b.open(words).range();
      walk.next();
      a.open(words).put("x", "A");
      const done = await commit(a);
      const seen = walk.next().value;
      b.open(words).put("x", "B");
      return [seen, done, await commit(b)];
    },
    outcome: [
      [["x", "old"], OK, NO],
      [["x", "old"], OK, NO],
      [["x", "old"], OK, NO],
      [["x", "old"], OK, OK],
      [["x", "old"], OK, OK],
    ],
  },
  {
    name: "count: A adds an entry to what B has counted",
    before: { a: "1" },
    async run(a, b) {
      const count = b.open(words).count();
      a.open(words).put("b", "A");
      const done = await commit(a);
      const again = b.open(words).count();
      b.open(audit).append(bytes("B"));
      return [count, again, done, await commit(b)];
    },
    outcome: [[1, 1, OK, OK], [1, 1, OK, NO], [1, 2, OK, OK], [1, 2, OK, OK], [1, 2, OK, OK]],
    after: all({ a: "1", b: "A" }),
  },
  {
    name: "count over own changes",
    before: { a: "1" },
    async run(a, b) {
      b.open(words).put("z", "B");
      const count = b.open(words).count();
      a.open(words).remove("a");
      return [count, await commit(a), await commit(b)];
    },
    outcome: [[2, OK, OK], [2, OK, NO], [2, OK, OK], [2, OK, OK], [2, OK, OK]],
    after: [{ z: "B" }, {}, { z: "B" }, { z: "B" }, { z: "B" }],
  },
  {
    name: "last: A appends behind the head that B has read",
    async run(a, b, db) {
      const head = b.open(audit).head();
      a.open(audit).append(bytes("A"));
      const done = await commit(a);
      const again = b.open(audit).head();
      b.open(words).put("z", "B");
      return [head, again, done, await commit(b), db.open(audit).head()];
    },
    outcome: [
      [0, 0, OK, OK, 1],
      [0, 0, OK, NO, 1],
      [0, 1, OK, OK, 1],
      [0, 1, OK, OK, 1],
      [0, 1, OK, OK, 1],
    ],
  },
  {
    name: "append-append: no offset is given twice",
    async run(a, b, db) {
      const mine = b.open(audit).append(bytes("B"));
      a.open(audit).append(bytes("A"));
      const done = await commit(a);
      const next = b.open(audit).head();
      const outcome = [mine, next, done, await commit(b)];
      const left = [...db.open(audit).read()].map((entry) => new TextDecoder().decode(entry.bytes));
      return [...outcome, ...left];
    },
    outcome: [
      [0, 1, OK, NO, "A"],
      [0, 1, OK, NO, "A"],
      [0, 1, OK, NO, "A"],
      [0, 1, OK, NO, "A"],
      [0, 1, OK, NO, "A"],
    ],
  },
  {
    name: "append-append: B appends after A has committed",
    async run(a, b, db) {
      a.open(audit).append(bytes("A"));
      const done = await commit(a);
      const mine = b.open(audit).append(bytes("B"));
      return [mine, done, await commit(b), db.open(audit).head()];
    },
    outcome: [[0, OK, NO, 1], [0, OK, NO, 1], [1, OK, OK, 2], [1, OK, OK, 2], [1, OK, OK, 2]],
  },
  {
    name: "append-append: B remembers no head across a commit that its level shows",
    async run(a, b, db) {
      b.open(audit).head();
      a.open(audit).append(bytes("A"));
      a.open(audit).append(bytes("A"));
      const done = await commit(a);
      const mine = b.open(audit).append(bytes("B"));
      return [mine, done, await commit(b), db.open(audit).head()];
    },
    outcome: [[0, OK, NO, 2], [0, OK, NO, 2], [2, OK, OK, 3], [2, OK, OK, 3], [2, OK, OK, 3]],
  },
  {
    name: "append-append: an append that was taken back is none",
    async run(a, b, db) {
      const savepoint = b.savepoint();
      b.open(audit).append(bytes("lost"));
      a.open(audit).append(bytes("A"));
      const done = await commit(a);
      savepoint.rollback();
      const mine = b.open(audit).append(bytes("B"));
      return [mine, done, await commit(b), db.open(audit).head()];
    },
    outcome: [[0, OK, NO, 1], [0, OK, NO, 1], [1, OK, OK, 2], [1, OK, OK, 2], [1, OK, OK, 2]],
  },
  {
    name: "create-create: the same definition",
    async run(a, b, db) {
      const same = index("made", { key: codec.u32, value: codec.string });
      b.open(same).put(2, "B");
      a.open(same).put(1, "A");
      const done = [await commit(a), await commit(b)];
      return [...done, [...db.open(same).range()]];
    },
    outcome: all([OK, OK, [[1, "A"], [2, "B"]]]),
  },
  {
    name: "create-create: another definition of the name",
    async run(a, b, db) {
      const mine = index("made", { key: codec.string, value: codec.string });
      const theirs = index("made", { key: codec.u32, value: codec.string });
      b.open(mine).put("x", "B");
      a.open(theirs).put(1, "A");
      const done = [await commit(a), await commit(b)];
      assert.throws(() => db.open(mine), { code: "TYPE_MISMATCH" });
      return [...done, [...db.open(theirs).range()]];
    },
    outcome: all([OK, NO, [[1, "A"]]]),
  },
  {
    name: "create-create: B sees A's structure as soon as its level shows it",
    async run(a, b, db) {
      const mine = index("made", { key: codec.string, value: codec.string });
      const theirs = index("made", { key: codec.u32, value: codec.string });
      a.open(theirs).put(1, "A");
      const done = await commit(a);
      let mismatch = "";
      try {
        b.open(mine).put("x", "B");
      } catch (error) {
        mismatch = isHoldfastError(error) ? error.code : "";
      }
      const outcome = [done, mismatch, await commit(b)];
      return [...outcome, [...db.open(theirs).range()]];
    },
    outcome: [
      [OK, "", NO, [[1, "A"]]],
      [OK, "", NO, [[1, "A"]]],
      [OK, "TYPE_MISMATCH", OK, [[1, "A"]]],
      [OK, "TYPE_MISMATCH", OK, [[1, "A"]]],
      [OK, "TYPE_MISMATCH", OK, [[1, "A"]]],
    ],
  },
  {
    name: "create-list: A creates a structure after B has listed them",
    before: { x: "old" },
    async run(a, b) {
      const names = b.list().map(({ name }) => name);
      a.open(index("made", { key: codec.u32, value: codec.string })).put(1, "A");
      const done = await commit(a);
      const again = b.list().length;
      b.open(words).put("x", "B");
      return [names.join(), again, done, await commit(b)];
    },
    outcome: [
      ["audit,groups,names,notes,words", 5, OK, OK],
      ["audit,groups,names,notes,words", 5, OK, NO],
      ["audit,groups,names,notes,words", 6, OK, OK],
      ["audit,groups,names,notes,words", 6, OK, OK],
      ["audit,groups,names,notes,words", 6, OK, OK],
    ],
    after: [{ x: "B" }, { x: "old" }, { x: "B" }, { x: "B" }, { x: "B" }],
  },
  {
    name: "read-only: B only reads, whatever A commits meanwhile",
    before: { x: "old", y: "old" },
    async run(a, b) {
      const seen = [
        b.open(words).get("x"),
        b.open(words).count(),
        [...b.open(words).range()].length,
      ];
      a.open(words).put("x", "A");
      a.open(words).put("z", "A");
      const done = await commit(a);
      return [...seen, b.open(words).get("x"), done, await commit(b)];
    },
    outcome: [
      ["old", 2, 2, "old", OK, OK],
      ["old", 2, 2, "old", OK, OK],
      ["old", 2, 2, "A", OK, OK],
      ["old", 2, 2, "A", OK, OK],
      ["old", 2, 2, "A", OK, OK],
    ],
    after: all({ x: "A", y: "old", z: "A" }),
  },
  {
    name: "write skew: each reads both and changes one",
    before: { x: "on duty", y: "on duty" },
    async run(a, b) {
      for (const [tx, mine, other] of [[a, "x", "y"], [b, "y", "x"]] as const) {
        if (tx.open(words).get(other) === "on duty") tx.open(words).put(mine, "off");
      }
      return [await commit(a), await commit(b)];
    },
    outcome: [[OK, OK], [OK, NO], [OK, OK], [OK, OK], [OK, OK]],
    after: [
      { x: "off", y: "off" },
      { x: "off", y: "on duty" },
      { x: "off", y: "off" },
      { x: "off", y: "off" },
      { x: "off", y: "off" },
    ],
  },
];
