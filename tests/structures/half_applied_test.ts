/**
 * Regression class "half-applied multi-step operation committed" (item 62 of the transactions
 * checklist): each writer that changes several keys is stopped between two of them, the caller
 * catches that and commits. Nothing of the operation may be there, and the rest must be.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  type Database,
  type Definition,
  index,
  recordLog,
  segment,
  type Transaction,
} from "../../mod.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { HEAD_KEY } from "../../src/structures/serial_tree.ts";
import { bytes, withStore } from "../kernel/checked.ts";

interface User {
  readonly city: string;
  readonly mail: number;
}

const byCity = { key: codec.string, of: (user: User): string => user.city };
const byMail = { key: codec.u32, of: (user: User): number => user.mail, unique: true };
const records = { key: codec.u8, value: codec.json<User>() };
const users = index("users", { ...records, indexes: { byCity, byMail } });
const plain = index("plain", { key: codec.u8, value: codec.string });
const cluster = index("cluster", { key: codec.u8, value: codec.u8, mode: "cluster" });
const audit = recordLog("audit");
const notes = segment("notes");
const marker = index("marker", { key: codec.u8, value: codec.string });

const IN_DOUBT = { name: "ConflictError", code: "IN_DOUBT" };
const MISMATCH = { name: "StateError", code: "TYPE_MISMATCH" };

/** Every entry of every structure but the marker, as text. */
function contentOf(db: Database): string[] {
  const found: string[] = [];
  for (const structure of db.structures()) {
    if (structure.name === "marker") continue;
    found.push(structure.name);
    const cursor = db.open(rawTree(structure)).cursor({});
    while (cursor.next()) {
      cursor.loadValue();
      const key = cursor.keyBytes.slice(cursor.keyBegin, cursor.keyEnd);
      const value = cursor.valueBytes.slice(cursor.valueBegin, cursor.valueEnd);
      found.push(`${structure.name} ${key} = ${value}`);
    }
  }
  return found;
}

/** Puts one key of the tree of a structure in doubt. */
function hold(tx: Transaction, name: string, key: Uint8Array): void {
  const structure = tx.list().find((each) => each.name === name)!;
  const writer = new ByteWriter(64);
  writer.raw(key);
  tx.open(rawTree(structure)).put(writer, bytes("held"), 4);
}

/** What is there before. */
function fill(tx: Transaction): void {
  const people = tx.open(users);
  people.put(1, { city: "Oslo", mail: 10 });
  people.put(2, { city: "Bern", mail: 20 });
  people.put(3, { city: "Oslo", mail: 30 });
  for (let key = 1; key <= 5; key++) {
    tx.open(plain).put(key, `value ${key}`);
    tx.open(cluster).put(7, key);
    tx.open(audit).append(bytes(`record ${key}`));
    tx.open(notes).insert(bytes(`note ${key}`));
  }
}

/** One writer that fails half-way. */
interface Case {
  readonly name: string;
  /** The key in doubt, by the name of its structure. */
  readonly held?: readonly [string, Uint8Array];
  readonly error: object;
  attempt(tx: Transaction, db: Database): unknown;
}

const mailKey = (mail: number): Uint8Array => Uint8Array.of(0, 0, 0, mail);
const cityKey = (city: string, key: number): Uint8Array => {
  const out = new ByteWriter(16);
  codec.string.encodeElement(city, out);
  codec.u8.encode(key, out);
  return out.toBytes();
};
const pairKey = (key: number, value: number): Uint8Array => {
  const out = new ByteWriter(16);
  codec.u8.encodeElement(key, out);
  codec.u8.encode(value, out);
  return out.toBytes();
};
const serial = (value: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, value);

const cases: readonly Case[] = [
  {
    name: "put of a new record with secondary indexes",
    held: ["users#byMail", mailKey(40)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(users).put(4, { city: "Oslo", mail: 40 }),
  },
  {
    name: "put over a record with secondary indexes",
    held: ["users#byMail", mailKey(10)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(users).put(1, { city: "Rome", mail: 11 }),
  },
  {
    name: "compareAndSet with secondary indexes",
    held: ["users#byMail", mailKey(11)],
    error: IN_DOUBT,
    attempt: (tx) =>
      tx.open(users).compareAndSet(1, { city: "Oslo", mail: 10 }, { city: "Rome", mail: 11 }),
  },
  {
    name: "update with secondary indexes",
    held: ["users#byCity", cityKey("Rome", 1)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(users).update(1, () => ({ city: "Rome", mail: 11 })),
  },
  {
    name: "remove with secondary indexes",
    held: ["users#byMail", mailKey(10)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(users).remove(1),
  },
  {
    name: "deleteRange with secondary indexes",
    held: ["users#byMail", mailKey(20)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(users).deleteRange({ gte: 1 }),
  },
  {
    name: "rebuild of a secondary index",
    held: ["users#byCity", cityKey("Oslo", 1)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(users).rebuild("byCity"),
  },
  {
    name: "deleteRange",
    held: ["plain", Uint8Array.of(3)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(plain).deleteRange({ gte: 2 }),
  },
  {
    name: "deleteRange of a cluster",
    held: ["cluster", pairKey(7, 3)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(cluster).deleteRange({}),
  },
  {
    name: "remove of all values of a cluster key",
    held: ["cluster", pairKey(7, 3)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(cluster).remove(7),
  },
  {
    name: "compareAndSet of a cluster",
    held: ["cluster", pairKey(7, 9)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(cluster).compareAndSet(7, 1, 9),
  },
  {
    name: "update of a cluster with a value that its codec refuses",
    error: RangeError,
    attempt: (tx) => tx.open(cluster).update(7, () => [8, 300]),
  },
  {
    name: "trim of a log",
    held: ["audit", serial(2)],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(audit).trim(4),
  },
  {
    name: "trim of a whole log, which writes its head down",
    held: ["audit", HEAD_KEY],
    error: IN_DOUBT,
    attempt: (tx) => tx.open(audit).trim(5),
  },
  {
    name: "delete of a record, which writes the head down",
    held: ["notes", HEAD_KEY],
    error: IN_DOUBT,
    attempt: (tx, db) => tx.open(notes).delete([...db.open(notes).scan()][4]!.id),
  },
  {
    name: "creation of an index, a secondary one of which has the name of another structure",
    error: MISMATCH,
    attempt: (tx) =>
      tx.open(
        index("taken", { ...records, indexes: { byCity, other: byMail } }) as Definition<unknown>,
      ),
  },
  {
    name: "change of the secondary indexes by a function that throws",
    error: EvalError,
    attempt: (tx) => {
      const of = (user: User): string => {
        if (user.city === "Bern") throw new EvalError();
        return user.city;
      };
      const byName = { key: codec.string, of };
      return tx.open(index("users", { ...records, indexes: { byName, byCity } }));
    },
  },
  {
    name: "drop, one part of which is in doubt",
    held: ["users#byMail", mailKey(20)],
    error: IN_DOUBT,
    attempt: (tx) => tx.drop(users),
  },
];

for (const { name, held, error, attempt } of cases) {
  test(`regression: nothing half-applied is committed: ${name}`, async () => {
    await withStore(async (db) => {
      await db.update(fill);
      await db.update((tx) => void tx.open(index("taken#other", { ...records })));
      const before = contentOf(db);
      const holding = db.begin();
      if (held !== undefined) hold(holding, ...held);
      const prepared = await holding.prepare();

      const tx = db.begin();
      tx.open(marker).put(1, "before");
      const seen = tx.open(plain).range();
      seen.next();
      assert.throws(() => attempt(tx, db), error);
      assert.equal([...seen].length, 4, "an iterator goes on");
      tx.open(marker).put(2, "after");
      await tx.commit();

      assert.deepEqual(contentOf(db), before);
      assert.deepEqual([...db.open(marker).values()], ["before", "after"]);
      await prepared.rollback();
      assert.deepEqual(db.open(users).verify(), { ok: true, problems: [] });
      await db.update((again) => {
        again.open(users).put(1, { city: "Rome", mail: 11 });
        assert.equal(again.open(audit).append(bytes("next")), 5);
      });
    });
  });
}

test("regression: what a refused open claimed does not stop the transaction from being prepared", async () => {
  await withStore(async (db) => {
    await db.update(fill);
    const tx = db.begin();
    const of = (): string => {
      throw new EvalError();
    };
    const other = index("users", { ...records, indexes: { byName: { key: codec.string, of } } });
    assert.throws(() => tx.open(other), EvalError);
    tx.open(plain).put(1, "one");
    const prepared = await tx.prepare();
    await prepared.commit();
    assert.equal(db.open(plain).get(1), "one");
  });
});

test("regression: steps that fail after the transaction was rolled back leave the next one alone", async () => {
  await withStore(async (db) => {
    await db.update(fill);
    const tx = db.begin();
    let next: Transaction | undefined;
    const of = (): string => {
      tx.rollback();
      next = db.begin();
      next.open(plain).put(9, "nine");
      throw new EvalError();
    };
    const other = index("users", { ...records, indexes: { byName: { key: codec.string, of } } });
    assert.throws(() => tx.open(other), EvalError);
    await next!.commit();
    assert.equal(db.open(plain).get(9), "nine");
  });
});
