/** The names of the public plan that are there so far, as values: whoever imports one finds it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as holdfast from "../../mod.ts";

const FUNCTIONS = [
  "createHandler",
  "exportDatabase",
  "fileBlocks",
  "importDatabase",
  "index",
  "isHoldfastError",
  "memoryBlocks",
  "onceMap",
  "recordLog",
  "register",
  "repair",
  "segment",
  "vector",
  "voidBlocks",
] as const;

/** Classes with their methods. */
const CLASSES = {
  Database: [
    "begin",
    "backup",
    "check",
    "checkpoint",
    "close",
    "compact",
    "open",
    "prepared",
    "snapshot",
    "stats",
    "structures",
    "update",
    "watch",
  ],
  Transaction: ["commit", "commitSync", "drop", "list", "open", "prepare", "rollback", "savepoint"],
  PreparedTransaction: ["commit", "rollback"],
  Recovery: ["commit", "finish", "list", "rollback"],
  Savepoint: ["release", "rollback"],
  Snapshot: ["open", "release", "structures"],
  RecordId: ["equals", "toString"],
  Journal: ["close", "compareAndSet", "get", "update"],
  Identity: ["checksum", "nonce", "tag"],
  BlockStream: ["append", "close", "data", "spilled", "sync", "trailing", "verify"],
  EndlessStream: ["append", "close", "read", "seek", "stats", "trim", "verify"],
  EmbeddedStreamStore: ["append", "close", "create", "delete", "fork", "head", "read"],
} as const;

const ERRORS = [
  "IoError",
  "CorruptionError",
  "FormatError",
  "StateError",
  "ConflictError",
  "InvariantError",
] as const;

const CODECS =
  "bytes string json boolean u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 date uuid recordId tuple desc fixed struct";

test("mod.ts: functions, classes and their methods, codecs and errors have their names", () => {
  for (const name of FUNCTIONS) assert.equal(typeof holdfast[name], "function", name);
  for (const [name, methods] of Object.entries(CLASSES)) {
    const { prototype } = holdfast[name as keyof typeof CLASSES];
    for (const method of methods) {
      assert.equal(typeof Reflect.get(prototype, method), "function", `${name}.${method}`);
    }
  }
  for (const name of ["open", "memory", "recover"] as const) {
    assert.equal(typeof holdfast.Database[name], "function", name);
  }
  for (const opened of [holdfast.Journal, holdfast.Identity, holdfast.EmbeddedStreamStore]) {
    assert.equal(typeof opened.open, "function", opened.name);
  }
  for (const name of ERRORS) assert.ok(holdfast[name].prototype instanceof holdfast.HoldfastError);
  for (const name of CODECS.split(" ")) assert.ok(name in holdfast.codec, name);
});

test("mod.ts: what is given out is of the classes that it exports", async () => {
  const db = await holdfast.Database.memory();
  const tx = db.begin();
  assert.ok(tx instanceof holdfast.Transaction);
  const savepoint = tx.savepoint();
  assert.ok(savepoint instanceof holdfast.Savepoint);
  savepoint.release();
  const snapshot = db.snapshot();
  assert.ok(snapshot instanceof holdfast.Snapshot);
  snapshot.release();
  const prepared = await tx.prepare();
  assert.ok(prepared instanceof holdfast.PreparedTransaction);
  await prepared.rollback();
  await db.close();
});
