/**
 * Every kind of structure, each of which can tell how many numbered changes it has had: those of one
 * transaction are all there, or none of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  codec,
  contentStore,
  type Database,
  index,
  onceMap,
  recordLog,
  register,
  segment,
  type Transaction,
  vector,
} from "../../mod.ts";
import { compareBytes } from "../../src/base/compare.ts";
import { filled } from "../kernel/damaged_store.ts";

type From = Pick<Database, "open">;

/** A structure, and change number `n` of it, with a value of so many bytes. */
export interface Part {
  readonly name: string;
  /** Makes the change of a number: they go up from 0. */
  change(tx: Transaction, n: number, length: number): void;
  /** How many changes it has had, after a look at what all of them have left. */
  changes(from: From): number;
}

const users = index("users", { key: codec.u32, value: codec.bytes });
const byGroup = index("by-group", { key: codec.u8, value: codec.u32, mode: "cluster" });
const owners = onceMap("owners", { key: codec.u32, value: codec.bytes });
const newest = register("newest", codec.bytes);
const highest = register("highest", codec.u32, { monotonic: true });
const audit = recordLog("audit");
const notes = segment("notes");
const photos = contentStore("photos");
const scores = vector("scores", codec.struct({ n: codec.u32, half: codec.f64 }));

/** The values are there, from number 0 on. @returns how many */
function counted(name: string, values: Iterable<Uint8Array>): number {
  let n = 0;
  for (const value of values) assertFilled(value, n++, name);
  return n;
}

function assertFilled(value: Uint8Array, n: number, name: string): void {
  // Faster than `deepEqual` of what is mostly equal.
  if (compareBytes(value, 0, value.length, filled(value.length, n), 0, value.length) !== 0) {
    assert.fail(`${name} ${n} of ${value.length} bytes is not what was written`);
  }
}

/** All of them. */
export const PARTS: readonly Part[] = [
  {
    name: "record log",
    change: (tx, n, length) => assert.equal(tx.open(audit).append(filled(length, n)), n),
    changes: (from) => counted("record", Array.from(from.open(audit).read(), ({ bytes }) => bytes)),
  },
  {
    name: "segment",
    change: (tx, n, length) => void tx.open(notes).insert(filled(length, n)),
    changes: (from) => counted("note", Array.from(from.open(notes).scan(), ({ bytes }) => bytes)),
  },
  {
    name: "index",
    change: (tx, n, length) => tx.open(users).put(n, filled(length, n)),
    changes: (from) => counted("user", from.open(users).values()),
  },
  {
    name: "cluster index",
    change: (tx, n) => tx.open(byGroup).put(n % 3, n),
    changes: (from) => from.open(byGroup).count(),
  },
  {
    name: "once map",
    change: (tx, n, length) => {
      assert.equal(tx.open(owners).putIfAbsent(n, filled(length, n)).inserted, true);
      assert.equal(tx.open(owners).putIfAbsent(n, filled(length, n + 1)).inserted, false);
    },
    changes: (from) =>
      counted("owner", Array.from(from.open(owners).entries(), ([, value]) => value)),
  },
  {
    name: "content store",
    change: (tx, n, length) => {
      const id = tx.open(photos).put(filled(length, n));
      assert.ok(tx.open(photos).put(filled(length, n)).equals(id));
    },
    changes: (from) => {
      let n = 0;
      for (const { id } of from.open(photos).entries()) {
        assert.notEqual(from.open(photos).get(id), undefined);
        n++;
      }
      return n;
    },
  },
  {
    name: "register",
    change: (tx, n, length) => {
      tx.open(newest).set(filled(length, n));
      tx.open(highest).set(n);
    },
    changes: (from) => {
      const n = from.open(highest).get() ?? -1;
      const value = from.open(newest).get();
      assert.equal(value === undefined, n < 0);
      if (value !== undefined) assertFilled(value, n, "newest");
      return n + 1;
    },
  },
  {
    name: "vector",
    change: (tx, n) => {
      const view = tx.open(scores);
      view.push({ n: 0, half: 0 }, { n, half: n / 2 });
      view.swapRemove(n);
    },
    changes: (from) => {
      const view = from.open(scores);
      for (const [i, { n, half }] of view.entries()) assert.deepEqual([n, half], [i, i / 2]);
      return view.length;
    },
  },
];

/** Makes the change of a number to all of them. */
export function changeAll(tx: Transaction, n: number, length: number): void {
  for (const part of PARTS) part.change(tx, n, length);
}

/** How many changes all of them have had, which must be the same. */
export function changesOfAll(from: From): number {
  const found = PARTS.map((part) => part.changes(from));
  assert.deepEqual(found, PARTS.map(() => found[0]), PARTS.map(({ name }) => name).join());
  return found[0]!;
}
