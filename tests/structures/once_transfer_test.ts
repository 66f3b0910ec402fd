/** Once maps and registers in exports, in what a database says of its structures, and in dumps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import {
  ByteWriter,
  codec,
  Database,
  type Definition,
  importDatabase,
  type KeyCodec,
  onceMap,
  register,
} from "../../mod.ts";
import { type DumpLine, entryLines, overviewLines } from "../../src/cli/dump_lines.ts";
import { StoreInspector } from "../../src/kernel/inspect/store_inspector.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { CODEC_SAMPLES } from "../base/codec_samples.ts";
import { Generator } from "../base/generator.ts";
import { withStore } from "../kernel/checked.ts";
import { contentOf, exported, streamOf } from "./export_fixture.ts";

const owners = onceMap("owners", { key: codec.string, value: codec.json<{ n: number }>() });
const high = register("high", codec.u64, { monotonic: true });
const never = register("never", codec.string);

async function fill(db: Database): Promise<void> {
  await db.update((tx) => {
    tx.open(owners).putIfAbsent("door", { n: 1 });
    tx.open(owners).putIfAbsent("", { n: 2 });
    tx.open(high).set(2n ** 60n);
    void tx.open(never);
  });
}

test("exportDatabase, importDatabase: once maps and registers of every codec come back", async () => {
  await withStore(async (db) => {
    const random = new Generator(4);
    await db.update((tx) => {
      for (const { codec: of, make, isKey } of CODEC_SAMPLES) {
        const key = isKey ? of as KeyCodec<unknown> : codec.u8 as KeyCodec<unknown>;
        const map = onceMap<unknown, unknown>(`once ${of.name}`, { key, value: of });
        const kept = isKey
          ? register<unknown>(`kept ${of.name}`, key, { monotonic: true })
          : register<unknown>(`kept ${of.name}`, of);
        for (let n = 0; n < 4; n++) {
          tx.open(map).putIfAbsent(isKey ? make(random) : n, make(random));
        }
        tx.open(kept).set(make(random));
      }
    });
    await fill(db);
    for (const format of ["jsonl", "binary"] as const) {
      const bytes = await exported(db, format);
      await withStore(async (copy) => {
        await importDatabase(copy, streamOf(bytes, 999));
        assert.deepEqual(contentOf(copy), contentOf(db));
        assert.deepEqual(await exported(copy, format), bytes, "the same export");
        const late = await copy.update((tx) => tx.open(owners).putIfAbsent("door", { n: 9 }));
        assert.deepEqual(late, { inserted: false, value: { n: 1 } });
        await assert.rejects(copy.update((tx) => tx.open(high).set(7n)), { code: "DECREASED" });
        assert.equal(copy.open(never).get(), undefined);
      });
    }
  });
});

test("exportDatabase: entries of once maps and registers are what a person can read", async () => {
  await withStore(async (db) => {
    await fill(db);
    const lines = new TextDecoder().decode(await exported(db, "jsonl")).split("\n");
    assert.deepEqual(lines.slice(1, -2), [
      '{"structure":"owners","kind":"once-map","format":"once(string,json)","number":16}',
      '{"key":"","value":{"n":2}}',
      '{"key":"door","value":{"n":1}}',
      '{"structure":"high","kind":"register","format":"monotonic(u64)","number":17}',
      '{"value":"1152921504606846976"}',
      '{"structure":"never","kind":"register","format":"any(string)","number":18}',
    ]);
  });
});

test("importDatabase: a register with a key, or with two values, is CORRUPT_EXPORT", async () => {
  const head = [
    '{"holdfast":"export","version":1,"numbers":18}',
    '{"structure":"high","kind":"register","format":"monotonic(u64)","number":17}',
  ];
  const bodies = [
    ['{"rawKey":"AA==","rawValue":"AAAAAAAAAAE="}'],
    ['{"value":"1"}', '{"value":"2"}'],
    ['{"value":"-1"}'],
    ['{"other":"1"}'],
  ];
  await withStore(async (db) => {
    for (const body of bodies) {
      const text = [...head, ...body, '{"end":true}', ""].join("\n");
      const bytes = new TextEncoder().encode(text);
      await assert.rejects(importDatabase(db, streamOf(bytes)), { code: "CORRUPT_EXPORT" }, text);
      assert.deepEqual(db.structures(), []);
    }
  });
});

test("Database.structures, Transaction.list and dumps name once maps and registers", async () => {
  const io = memoryIo();
  const db = await Database.open("/named.hold", { io });
  await fill(db);
  const wanted = [
    ["high", "register", "monotonic(u64)"],
    ["never", "register", "any(string)"],
    ["owners", "once-map", "once(string,json)"],
  ];
  const named = (all: readonly { name: string; kind: string; format: string }[]): string[][] =>
    all.map(({ name, kind, format }) => [name, kind, format]);
  assert.deepEqual(named(db.structures()), wanted);
  assert.deepEqual(db.structures().map(({ entries }) => entries), [1, 0, 2]);
  const tx = db.begin();
  assert.deepEqual(named(tx.list()), wanted);
  tx.rollback();
  await db.close();
  const inspector = await StoreInspector.open(io, "/named.hold");
  const shown = (lines: Iterable<DumpLine>, type: string): DumpLine[] =>
    [...lines].filter((line) => line.type === type);
  const structures = shown(overviewLines(inspector), "structure").map(({ name }) => name);
  assert.deepEqual(structures.sort(), wanted.map(([name]) => name));
  assert.deepEqual(shown(entryLines(inspector, "owners", false), "entry"), [
    { type: "entry", key: "", value: { n: 2 } },
    { type: "entry", key: "door", value: { n: 1 } },
  ]);
  assert.deepEqual(shown(entryLines(inspector, "high", false), "entry"), [
    { type: "entry", value: "1152921504606846976" },
  ]);
  inspector.close();
});

test("onceMap, register: bytes that their codec has not written are CORRUPT_VALUE", async () => {
  await withStore(async (db) => {
    const numbers = onceMap("numbers", { key: codec.u8, value: codec.u32 });
    const count = register("count", codec.u32);
    const put = (definition: Definition<unknown>, key: number[]): void => {
      const out = new ByteWriter(1);
      out.raw(Uint8Array.from(key));
      const tx = db.begin();
      tx.open(rawTree(definition)).put(out, new Uint8Array(3), 3);
      tx.commitSync();
    };
    put(numbers as Definition<unknown>, [1]);
    put(count as Definition<unknown>, []);
    const corrupt = { name: "CorruptionError", code: "CORRUPT_VALUE" };
    assert.throws(() => db.open(numbers).get(1), corrupt);
    assert.throws(() => [...db.open(numbers).entries()], corrupt);
    assert.throws(() => db.open(count).get(), corrupt);
    await assert.rejects(
      db.update((tx) => void tx.open(numbers).putIfAbsent(1, 5)),
      corrupt,
    );
    await assert.rejects(db.update((tx) => tx.open(count).update(() => 1)), corrupt);
    await db.update((tx) => tx.open(count).set(1));
    assert.equal(db.open(count).get(), 1);
  });
});
