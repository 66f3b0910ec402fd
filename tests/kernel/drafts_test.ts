/** What structures hold back in a transaction: written before anybody could notice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ByteWriter,
  codec,
  Database,
  type Definition,
  type Draft,
  index,
  segment,
  type TreeReader,
  type TreeWriter,
  vector,
} from "../../mod.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { withStore } from "./checked.ts";

/** A structure with one key, whose value is put as late as can be. */
class Late implements Draft {
  readonly tree: TreeWriter;
  writes = 0;
  #held: number | undefined;

  constructor(tree: TreeWriter) {
    this.tree = tree;
  }

  set(value: number): void {
    this.tree.draft(this, KEY);
    this.#held = value;
  }

  get(): number | undefined {
    return this.#held ?? this.tree.get(KEY, codec.u8);
  }

  write(): void {
    if (this.#held === undefined) return;
    this.writes++;
    this.tree.put(KEY, Uint8Array.of(this.#held), 1, "unchanged");
  }

  forget(): void {
    this.#held = undefined;
  }
}

const KEY = new ByteWriter(1);
KEY.u8(7);

interface LateAccess {
  readonly reader: TreeReader;
  readonly writer: Late;
}

function late(): Definition<LateAccess> {
  return {
    name: "late",
    kind: "late",
    format: "u8",
    reader: (tree) => tree,
    writer: (tree) => new Late(tree),
  };
}

const one = late();
const words = index("words", { key: codec.u8, value: codec.string });

function committed(db: Database): number | undefined {
  return db.open(one).get(KEY, codec.u8);
}

test("TreeWriter.draft: what is held back is in the commit, once", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    const writer = tx.open(one);
    for (let i = 0; i < 100; i++) writer.set(i);
    await tx.commit();
    assert.deepEqual([committed(db), writer.writes], [99, 1]);
    db.begin().open(one).set(5);
    const sync = db.begin();
    sync.open(one).set(6);
    sync.commitSync();
    assert.equal(committed(db), 6);
  });
});

test("TreeWriter.draft: what is held back is prepared, and in doubt", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    tx.open(one).set(1);
    const prepared = await tx.prepare();
    assert.throws(() => db.begin().open(one).set(2), { code: "IN_DOUBT" });
    await prepared.commit();
    assert.equal(committed(db), 1);
  });
});

test("TreeWriter.draft: another view of the tree, and a cursor, see what is held back", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const first = tx.open(one);
      const second = tx.open(late());
      first.set(1);
      assert.equal(second.get(), 1);
      second.set(2);
      assert.equal(first.get(), 2);
      first.set(3);
      const raw = tx.open(rawTree({ name: "late", kind: "late", format: "u8" }));
      assert.deepEqual([raw.get(KEY, codec.u8), raw.count()], [3, 1]);
      raw.remove(KEY);
      assert.deepEqual([first.get(), second.get()], [undefined, undefined]);
      first.set(4);
    });
    assert.equal(committed(db), 4);
  });
});

test("TreeWriter.draft: savepoints and steps that fail take back what came after them alone", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      const writer = tx.open(one);
      writer.set(1);
      const savepoint = tx.savepoint();
      writer.set(2);
      savepoint.rollback();
      assert.equal(writer.get(), 1);
      writer.set(3);
      const fail = (): never => {
        writer.set(4);
        throw new Error("half-way");
      };
      assert.throws(() => writer.tree.atomic(fail), { message: "half-way" });
      assert.equal(writer.get(), 3);
      // Another structure's steps, too.
      const other = tx.open(words);
      assert.throws(() => other.put(300, "x"), RangeError);
      assert.equal(writer.get(), 3);
      savepoint.release();
    });
    assert.equal(committed(db), 3);
    const tx = db.begin();
    tx.open(one).set(9);
    tx.rollback();
    assert.equal(committed(db), 3);
  });
});

test("TreeWriter.draft: hooks before a commit see what is held back, and may hold back more", async () => {
  await withStore(async (db) => {
    const seen: (number | undefined)[] = [];
    const remove = db.hooks.beforeCommit((tx) => {
      const writer = tx.open(one);
      seen.push(writer.tree.get(KEY, codec.u8));
      writer.set(20);
    });
    await db.update((tx) => tx.open(one).set(10));
    remove();
    assert.deepEqual(seen, [10]);
    assert.equal(committed(db), 20);
  });
});

test("TreeWriter.draft: a key that is held back conflicts from then on, at every isolation", async () => {
  for (
    const isolation of [
      "snapshot",
      "serializable",
      "version-on-read",
      "version-on-write",
      "last-win",
    ] as const
  ) {
    await withStore(async (db) => {
      await db.update((tx) => tx.open(one).set(1));
      const tx = db.begin({ isolation });
      tx.open(one).set(2);
      await db.update((other) => other.open(one).set(3));
      await assert.rejects(tx.commit(), { code: "CONFLICT" }, isolation);
      assert.equal(committed(db), 3);
      const after = db.begin({ isolation });
      await db.update((other) => other.open(one).set(4));
      after.open(one).set(5);
      const isLive = isolation !== "snapshot" && isolation !== "serializable";
      if (isLive) await after.commit();
      else await assert.rejects(after.commit(), { code: "CONFLICT" });
      assert.equal(committed(db), isLive ? 5 : 4, isolation);
    });
  }
});

test("TreeWriter.draft: a commit that cannot write it is refused, and a caught refusal loses nothing", async () => {
  const db = await Database.memory({ maxBytes: 6 * 1024 * 1024 });
  const blocks = vector("blocks", codec.fixed(65535));
  const block = new Uint8Array(65535).fill(1);
  await db.update((tx) => tx.open(blocks).push(block));
  const tx = db.begin();
  const writer = tx.open(blocks);
  for (let i = 0; i < 100; i++) writer.push(block);
  assert.throws(() => tx.savepoint(), { code: "NO_SPACE" });
  assert.equal(writer.length, 101);
  while (writer.length > 3) writer.pop();
  tx.savepoint().release();
  await tx.commit();
  assert.deepEqual([db.open(blocks).length, db.open(blocks).get(2)], [3, block]);
  await assert.rejects(
    db.update((tx) => {
      for (let i = 0; i < 100; i++) tx.open(blocks).push(block);
    }),
    { code: "NO_SPACE" },
  );
  assert.equal(db.open(blocks).length, 3);
  await db.close();
});

test("TreeWriter.draft: large values of other structures go beside it, each under its own key", async () => {
  await withStore(async (db) => {
    const list = vector("list", codec.f64);
    const notes = segment("notes");
    const large = new Uint8Array(70_000).fill(5);
    const ids = await db.update((tx) => {
      const writer = tx.open(list);
      return [1, 2, 3].map((n) => {
        writer.set(n * 500, n);
        return tx.open(notes).insert(large);
      });
    });
    for (const id of ids) assert.deepEqual(db.open(notes).read(id), large);
    assert.deepEqual([...db.open(list).entries()], [[500, 1], [1000, 2], [1500, 3]]);
  });
});
