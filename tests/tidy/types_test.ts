/**
 * Types flow from a definition to everything that is read, written and watched. `deno check` proves
 * it: a type that is not the one expected does not compile.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  type BigintArray,
  type Change,
  codec,
  type ContentEntry,
  type ContentId,
  contentStore,
  Database,
  index,
  type NumberArray,
  onceMap,
  type OncePut,
  type RecordId,
  recordLog,
  register,
  segment,
  type SegmentEntry,
  type Snapshot,
  type Transaction,
  vector,
} from "../../mod.ts";
import { runCommand } from "../tools/run_command.ts";
import { readJson } from "../tools/repository.ts";

/** `true` for one type only, not for types that merely fit each other: `unknown` and `any` fit all. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

/** A value of exactly this type. The second argument exists only where the types differ. */
function typed<Expected>(): <Actual>(
  value: Actual,
  ...differs: Same<Actual, Expected> extends true ? [] : [never]
) => void {
  return () => {};
}

interface User {
  readonly city: string;
  readonly age: number;
}

const users = index("users", {
  key: codec.tuple(codec.string, codec.u64),
  value: codec.json<User>(),
  indexes: { byCity: { key: codec.string, of: (user) => user.city } },
});
const tags = index("tags", { key: codec.date, value: codec.boolean, mode: "cluster" });
const places = index("places", {
  key: codec.u8,
  value: codec.struct({ x: codec.f64, name: codec.string }),
});
const notes = segment("notes");
const audit = recordLog("audit");

const owners = onceMap("owners", { key: codec.u64, value: codec.json<User>() });
const newest = register("newest", codec.date, { monotonic: true });

type UserKey = [string, bigint];

function assertReads(from: Database | Snapshot | Transaction): void {
  const reader = from.open(users);
  typed<User | undefined>()(reader.get(["a", 1n]));
  typed<User | undefined>()(reader.one(["a", 1n]));
  typed<(User | undefined)[]>()(reader.getMany([]));
  typed<[UserKey, User] | undefined>()(reader.first());
  typed<IterableIterator<[UserKey, User]>>()(reader.range({ prefix: ["a"] }));
  typed<IterableIterator<UserKey>>()(reader.keys());
  typed<IterableIterator<User>>()(reader.values());
  typed<[UserKey, User] | undefined>()(reader.by("byCity").one("Oslo"));
  typed<IterableIterator<[string, UserKey, User]>>()(reader.by("byCity").range());
  typed<boolean[]>()(from.open(tags).get(new Date(0)));
  typed<boolean | undefined>()(from.open(tags).one(new Date(0)));
  typed<IterableIterator<SegmentEntry>>()(from.open(notes).scan());
  typed<Uint8Array | undefined>()(from.open(audit).get(0));
}

test("index, segment, recordLog: types flow through open, transactions, snapshots and watch", async () => {
  const db = await Database.memory();
  assertReads(db);
  assertReads(db.snapshot());
  const id = await db.update((tx) => {
    assertReads(tx);
    // @ts-expect-error: the value of a user has an age
    assert.throws(() => tx.open(index("no", { key: codec.u8, value: codec.u8 })).put(1, "one"));
    // @ts-expect-error: a reader writes nothing
    assert.equal(db.open(users).put, undefined);
    return tx.open(notes).insert(new Uint8Array(1));
  });
  typed<RecordId>()(id);
  const all = db.watch(users);
  typed<AsyncIterableIterator<Change<UserKey, User>>>()(all);
  typed<AsyncIterableIterator<Change<RecordId>>>()(db.watch(notes));
  typed<{ x: number; name: string } | undefined>()(db.open(places).get(1));
  // @ts-expect-error: there is no secondary index of this name
  assert.throws(() => db.open(users).by("byAge"), RangeError);
  // @ts-expect-error: keys of json have no order
  assert.throws(() => index("wrong", { key: codec.json<User>(), value: codec.u8 }), TypeError);
  await db.close();
});

test("onceMap, register: types flow through open, transactions, snapshots and watch", async () => {
  const db = await Database.memory();
  const user: User = { city: "Oslo", age: 7 };
  await db.update((tx) => {
    typed<OncePut<User>>()(tx.open(owners).putIfAbsent(1n, user));
    tx.open(newest).set(new Date(1));
    typed<Date>()(tx.open(newest).update((present) => present ?? new Date(0)));
    typed<Date | undefined>()(tx.open(newest).get());
    typed<boolean>()(tx.open(newest).compareAndSet(undefined, new Date(2)));
    // @ts-expect-error: the keys are bigints
    assert.throws(() => tx.open(owners).putIfAbsent("ann", user), TypeError);
    // @ts-expect-error: the value is a date
    assert.throws(() => tx.open(newest).set(5), TypeError);
  });
  const view = db.snapshot();
  typed<User | undefined>()(view.open(owners).get(1n));
  typed<number>()(view.open(owners).size);
  typed<IterableIterator<[bigint, User]>>()(view.open(owners).entries({ gt: 0n }));
  typed<Date | undefined>()(view.open(newest).get());
  typed<AsyncIterableIterator<Change<bigint, User>>>()(db.watch(owners, { key: 1n }));
  typed<AsyncIterableIterator<Change<undefined, Date>>>()(db.watch(newest));
  // @ts-expect-error: a reader writes nothing
  assert.equal(db.open(owners).putIfAbsent, undefined);
  // @ts-expect-error: json has no order
  assert.throws(() => register("no", codec.json<User>(), { monotonic: true }), TypeError);
  await db.close();
});

test("vector: types flow through open, transactions, columns and watch", async () => {
  interface Point {
    readonly x: number;
    readonly id: bigint;
    readonly at: Date;
    readonly tag: Uint8Array;
  }
  const points = vector<Point>(
    "points",
    codec.struct({ x: codec.f64, id: codec.u64, at: codec.date, tag: codec.fixed(3) }),
  );
  const db = await Database.memory();
  await db.update((tx) => {
    typed<Point | undefined>()(tx.open(points).pop());
    typed<number>()(tx.open(points).push());
    // @ts-expect-error: a point has all its fields
    assert.throws(() => tx.open(points).push({ x: 1 }));
  });
  const reader = db.open(points);
  typed<Point | undefined>()(reader.get(0));
  typed<IterableIterator<Point>>()(reader.values());
  typed<NumberArray>()(reader.field("x"));
  typed<BigintArray>()(reader.field("id"));
  typed<Float64Array<ArrayBuffer>>()(reader.field("at"));
  typed<Uint8Array<ArrayBuffer>>()(reader.field("tag"));
  // @ts-expect-error: a point has no such field
  assert.throws(() => reader.field("y"), TypeError);
  // @ts-expect-error: a reader writes nothing
  assert.equal(reader.push, undefined);
  const changes = db.watch(points);
  typed<AsyncIterableIterator<Change<number, (Point | undefined)[]>>>()(changes);
  await changes.return?.();
  await db.close();
});

test("contentStore: types flow through open, transactions, snapshots and watch", async () => {
  const photos = contentStore("photos");
  const db = await Database.memory();
  const id = await db.update(async (tx) => {
    const putting = tx.open(photos).put(new Blob(["x"]).stream());
    typed<Promise<ContentId>>()(putting);
    await putting;
    // @ts-expect-error: a blob is bytes
    assert.throws(() => tx.open(photos).put("text"), TypeError);
    return tx.open(photos).put(new Uint8Array(1));
  });
  typed<ContentId>()(id);
  typed<Uint8Array | undefined>()(db.open(photos).get(id));
  typed<ReadableStream<Uint8Array> | undefined>()(db.snapshot().open(photos).stream(id));
  typed<AsyncIterableIterator<Change<ContentId, number>>>()(db.watch(photos));
  for await (const entry of db.open(photos).entries()) typed<ContentEntry>()(entry);
  // @ts-expect-error: a reader writes nothing
  assert.equal(db.open(photos).put, undefined);
  // @ts-expect-error: a reader sets nothing aside
  await assert.rejects(db.open(photos).verify({ quarantine: true }), TypeError);
  await db.close();
});

test("public types: none is any", async (t) => {
  const deno = process.env["DENO_BIN"] ?? (process.versions["deno"] && process.execPath);
  if (!deno) return t.skip("needs the deno program: set DENO_BIN");
  const { exports } = readJson<{ exports: Record<string, string> }>("deno.json");
  // Types of the peer package are public in ./level, and its own business.
  const paths = Object.values(exports).filter((path) => !path.endsWith("/level.ts"));
  const { code, stdout, output } = await runCommand(deno, ["doc", "--json", ...paths]);
  assert.equal(code, 0, output);
  const keywords = new Map<string, string[]>();
  collect(JSON.parse(stdout), "", keywords);
  assert.ok(keywords.has("unknown") && keywords.has("string"), [...keywords.keys()].join());
  assert.deepEqual(keywords.get("any") ?? [], []);
});

/** Where types are keywords, by keyword. */
function collect(node: unknown, path: string, found: Map<string, string[]>): void {
  if (typeof node !== "object" || node === null) return;
  const { kind, repr } = node as { kind?: unknown; repr?: unknown };
  if (kind === "keyword" && typeof repr === "string") {
    found.set(repr, [...found.get(repr) ?? [], path]);
  }
  for (const [name, part] of Object.entries(node)) collect(part, `${path}/${name}`, found);
}
