/** Names of structures: any text, each its own structure, none of them a path. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  codec,
  Database,
  type Definition,
  index,
  onceMap,
  recordLog,
  register,
  segment,
} from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { DEFINITION_BYTES_MAX, NAME_BYTES_MAX } from "../../src/kernel/limits.ts";
import { EACH_STORE } from "../structures/each_store.ts";
import { assertWhole, withFolder, withStore } from "./checked.ts";

/** What file systems, shells, languages and this library give a meaning to. */
const HOSTILE = [
  "../x",
  "../../x",
  "..",
  ".",
  "/",
  "/etc/passwd",
  "\\\\host\\share",
  "C:\\x",
  "a/b",
  "a/../b",
  "a//b",
  "a",
  "b",
  "A",
  " a",
  "a ",
  "a_b",
  "a.b",
  "a#b",
  "a:b",
  "a\0",
  "a\0b",
  "\0",
  "\0import/16",
  "CON",
  "nul.txt",
  "names.hold",
  "names.hold.lock",
  "x_bytes",
  "x",
  "x/bytes",
  "~",
  "$HOME",
  "`id`",
  "$(id)",
  "%2e%2e%2fx",
  "?a=1&b=2",
  "*",
  "\n",
  "\r\n",
  "\t",
  "\u202egnp",
  "é",
  "e\u0301",
  "ﬁ",
  "fi",
  "😀",
  "\ufeff",
  "\ufffd",
  "__proto__",
  "constructor",
  "toString",
  "undefined",
  "null",
  "0",
  "-1",
  "n".repeat(NAME_BYTES_MAX),
  "é".repeat(NAME_BYTES_MAX / 2),
] as const;

/** Random names of parts that mean something to somebody. */
function fuzzed(count: number): string[] {
  const random = new Prng(12);
  const parts = [
    "a",
    "b",
    "/",
    "\\",
    "..",
    ".",
    "_",
    "#",
    "\0",
    ":",
    " ",
    "%",
    "é",
    "😀",
    "~",
    "-",
  ];
  const names = new Set<string>();
  while (names.size < count) {
    const length = 1 + random.below(6);
    names.add(Array.from({ length }, () => parts[random.below(parts.length)]).join(""));
  }
  return [...names];
}

/** All files below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

test("Transaction.open: hostile names are names, and nothing but the store and its lock is on disk", async () => {
  await withFolder(async (folder) => {
    const inner = join(folder, "a", "b");
    mkdirSync(inner, { recursive: true });
    const path = join(inner, "names.hold");
    const names = [...new Set<string>([...HOSTILE, ...fuzzed(300)])];
    const of = (name: string): ReturnType<typeof register<string>> => register(name, codec.string);
    let db = await Database.open(path);
    await db.update((tx) => {
      for (const name of names) tx.open(of(name)).set(`value of ${name}`);
    });
    await db.checkpoint();
    await db.close();
    db = await Database.open(path);
    for (const name of names) assert.equal(db.open(of(name)).get(), `value of ${name}`);
    assert.deepEqual(db.structures().map(({ name }) => name).sort(), names.toSorted());
    await db.update((tx) => {
      for (const name of names.slice(0, 100)) tx.drop(of(name));
    });
    for (const [i, name] of names.entries()) {
      assert.equal(db.open(of(name)).get(), i < 100 ? undefined : `value of ${name}`);
    }
    await assertWhole(db);
    await db.close();
    const lasting = ["a", join("a", "b"), join("a", "b", "names.hold")];
    const lock = join("a", "b", "names.hold.lock");
    assert.deepEqual(filesIn(folder).filter((file) => file !== lock), lasting);
  });
});

test("Transaction.open: names without a character, not of text, too long or ill-formed are refused", async () => {
  const db = await Database.memory();
  const wrong: [unknown, object][] = [
    ["", { name: "TypeError" }],
    [7, { name: "TypeError" }],
    [undefined, { name: "TypeError" }],
    ["n".repeat(NAME_BYTES_MAX + 1), { code: "TOO_LARGE" }],
    ["é".repeat(NAME_BYTES_MAX / 2) + "n", { code: "TOO_LARGE" }],
    // Each of these would be the same bytes in UTF-8: those of U+FFFD.
    ["\ud800", { name: "TypeError" }],
    ["a\udfff", { name: "TypeError" }],
  ];
  for (const [name, error] of wrong) {
    const definition = register(name as string, codec.u8);
    assert.throws(() => db.open(definition), error, String(name));
    await assert.rejects(db.update((tx) => tx.open(definition).set(1)), error, String(name));
  }
  assert.deepEqual(db.structures(), []);
  await db.close();
});

for (const [kind, withStore] of EACH_STORE) {
  test(`Transaction.open: a name in use as another kind, mode or codec is TYPE_MISMATCH: ${kind}`, async () => {
    const name = "taken";
    const key = codec.string;
    const definitions = [
      index(name, { key, value: codec.u8 }),
      index(name, { key, value: codec.u16 }),
      index(name, { key: codec.bytes, value: codec.u8 }),
      index(name, { key, value: codec.u8, mode: "exclusive" }),
      index(name, { key, value: codec.u8, mode: "cluster" }),
      onceMap(name, { key, value: codec.u8 }),
      onceMap(name, { key, value: codec.struct({ a: codec.u8 }) }),
      register(name, codec.u8),
      register(name, codec.u8, { monotonic: true }),
      register(name, codec.string),
      recordLog(name),
      segment(name),
    ] as Definition<unknown>[];
    const mismatch = { name: "StateError", code: "TYPE_MISMATCH" };
    await withStore(async (_, store) => {
      for (const [mine, definition] of definitions.entries()) {
        await store.db.update((tx) => void tx.open(definition));
        for (const other of definitions.filter((_, at) => at !== mine)) {
          assert.throws(() => store.db.open(other), mismatch);
          await assert.rejects(store.db.update((tx) => void tx.open(other)), mismatch);
          await assert.rejects(store.db.update((tx) => tx.drop(other)), mismatch);
        }
        // The same definition again, by the same and by another handle: the same structure.
        await store.db.update((tx) => assert.equal(tx.open(definition), tx.open(definition)));
        if (mine % 5 === 0) await store.open();
        await store.db.update((tx) => tx.drop(definition));
      }
    });
  });
}

test("index: a secondary index and a structure that is named like it never mix", async () => {
  const [, withStore] = EACH_STORE[0]!;
  const users = index("users", {
    key: codec.u8,
    value: codec.json<{ city: string }>(),
    indexes: { byCity: { key: codec.string, of: (user) => user.city } },
  });
  const likeIt = [
    index("users#byCity", { key: codec.string, value: codec.u8, mode: "cluster" }),
    index("users#byCity", { key: codec.string, value: codec.u8 }),
    onceMap("users#byCity", { key: codec.string, value: codec.u8 }),
    register("users#byCity", codec.u8),
    recordLog("users#byCity"),
    segment("users#byCity"),
  ] as Definition<unknown>[];
  for (const flat of likeIt) {
    for (const isFirst of [true, false]) {
      await withStore(async (db) => {
        const [one, two] = isFirst ? [flat, users] : [users, flat];
        await db.update((tx) => void tx.open(one as Definition<unknown>));
        await assert.rejects(
          db.update((tx) => void tx.open(two as Definition<unknown>)),
          { code: "TYPE_MISMATCH" },
          `${flat.kind} ${flat.format}`,
        );
      });
    }
  }
});

test("regression: a definition that the log would not have as it is, is refused; less is followed", async () => {
  const wide = (fields: number) => {
    const names = Array.from({ length: fields }, (_, n) => `field ${n}`);
    const row = codec.struct(Object.fromEntries(names.map((name) => [name, codec.u8])));
    return index("wide", { key: codec.u32, value: row });
  };
  await withStore(async (db) => {
    const large = wide(1200);
    assert.ok(large.format.length > DEFINITION_BYTES_MAX);
    await db.update((tx) => {
      assert.throws(() => tx.open(large), { code: "TOO_LARGE" });
      tx.open(register("other", codec.string)).set("kept");
    });
    assert.deepEqual(db.structures().map(({ name }) => name), ["other"]);
    const most = wide(800);
    assert.ok(most.format.length > DEFINITION_BYTES_MAX / 2);
    const changes = db.watch(most);
    const tx = db.begin();
    tx.open(most).remove(1);
    const prepared = await tx.prepare();
    const value = Object.fromEntries(Array.from({ length: 800 }, (_, n) => [`field ${n}`, 1]));
    await db.update((tx) => tx.open(most).put(2, value));
    assert.equal((await changes.next()).value?.key, 2);
    await changes.return?.();
    await prepared.commit();
    assert.equal(db.open(most).count(), 1);
  });
});
