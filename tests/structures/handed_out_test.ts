/** What is handed out stays as it was while the store grows, and belongs to who has it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  type Database,
  index,
  onceMap,
  recordLog,
  register,
  segment,
  type Snapshot,
} from "../../mod.ts";
import { compareBytes } from "../../src/base/compare.ts";
import { filled } from "../kernel/damaged_store.ts";
import { EACH_STORE } from "./each_store.ts";

const table = index("table", { key: codec.u32, value: codec.bytes });
const tags = index("tags", { key: codec.bytes, value: codec.bytes, mode: "cluster" });
const owners = onceMap("owners", { key: codec.bytes, value: codec.bytes });
const newest = register("newest", codec.bytes);
const audit = recordLog("audit");
const notes = segment("notes");

const SMALL = { logBytes: 256 * 1024, cacheBytes: 1024 * 1024 };
const KEYS = 12;

/** Bytes of a value: in a page, in pages of its own, beside the log. */
function lengthOf(n: number): number {
  return [5, 700, 3000, 70_000][n % 4]!;
}

function fill(tx: Parameters<Parameters<Database["update"]>[0]>[0], salt: number): void {
  for (let n = 0; n < KEYS; n++) {
    const value = filled(lengthOf(n), n + salt);
    tx.open(table).put(n, value);
    tx.open(tags).put(filled(5, n), filled(40, n + salt));
    tx.open(owners).putIfAbsent(filled(9, n + salt), value);
    tx.open(newest).set(value);
    tx.open(audit).append(value);
    tx.open(notes).insert(value);
  }
}

/** Everything, in every way that hands out bytes. */
function handedOut(from: Database | Snapshot): Uint8Array[] {
  const values: (Uint8Array | undefined)[] = [from.open(newest).get()];
  for (let n = 0; n < KEYS; n++) {
    values.push(
      from.open(table).get(n),
      from.open(audit).get(n),
      from.open(owners).get(filled(9, n)),
    );
  }
  for (const [, value] of from.open(table).range()) values.push(value);
  for (const [key, value] of from.open(tags).range()) values.push(key, value);
  for (const [key, value] of from.open(owners).entries()) values.push(key, value);
  for (const { bytes } of from.open(audit).read()) values.push(bytes);
  for (const { id, bytes } of from.open(notes).scan()) {
    values.push(bytes, from.open(notes).read(id));
  }
  return values.map((value) => value!);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, 0, a.length, b, 0, b.length) === 0;
}

for (const [kind, withStore] of EACH_STORE) {
  test(`views, snapshots and iterators stay as they were while a store grows: ${kind}`, async () => {
    await withStore(async (db) => {
      await db.update((tx) => fill(tx, 0));
      const views = handedOut(db);
      const copies = views.map((view) => view.slice());
      const snapshot = db.snapshot();
      const iterator = db.open(table).range();
      const first = iterator.next().value as [number, Uint8Array];
      const sizes = new Set([db.stats().fileBytes]);
      for (let round = 1; sizes.size < 5; round++) {
        await db.update((tx) => {
          fill(tx, round);
          for (let n = 0; n < 4; n++) tx.open(audit).append(filled(80_000, n));
        });
        if (round % 2 === 0) await db.checkpoint();
        sizes.add(db.stats().fileBytes);
        assert.ok(round < 60, `${sizes.size} sizes`);
      }
      await db.update((tx) => void tx.open(table).deleteRange({}));
      await db.compact();
      assert.ok(views.every((view, i) => isSame(view, copies[i]!)), "what was handed out");
      const seen = handedOut(snapshot);
      assert.equal(seen.length, copies.length);
      assert.ok(seen.every((view, i) => isSame(view, copies[i]!)), "the snapshot");
      const rest = [first, ...iterator];
      assert.ok(rest.every(([n, value]) => isSame(value, filled(lengthOf(n), n))), "the iterator");
      assert.equal(rest.length, KEYS);
      snapshot.release();
    }, SMALL);
  });

  test(`what is handed out belongs to the caller, and what is handed in stays theirs: ${kind}`, async () => {
    await withStore(async (db, store) => {
      const mine = filled(500, 1);
      await db.update((tx) => {
        tx.open(table).put(1, mine);
        tx.open(owners).putIfAbsent(mine, mine);
        tx.open(newest).set(mine);
        tx.open(audit).append(mine);
        const id = tx.open(notes).insert(mine);
        // Written over before the commit, and after.
        mine.fill(0);
        for (
          const view of [
            tx.open(table).get(1)!,
            tx.open(owners).get(filled(500, 1))!,
            tx.open(newest).get()!,
            tx.open(audit).get(0)!,
            tx.open(notes).read(id)!,
          ]
        ) {
          assert.deepEqual(view, filled(500, 1));
          view.fill(0xff);
        }
      });
      for (const isReopened of [false, true]) {
        const from = isReopened ? await store.open() : db;
        for (let time = 0; time < 2; time++) {
          const [log, note] = [[...from.open(audit).read()], [...from.open(notes).scan()]];
          const views = [
            from.open(table).get(1)!,
            from.open(owners).get(filled(500, 1))!,
            from.open(newest).get()!,
            log[0]!.bytes,
            note[0]!.bytes,
          ];
          for (const view of views) assert.deepEqual(view, filled(500, 1));
          for (const view of views) view.fill(time);
        }
      }
    });
  });
}
