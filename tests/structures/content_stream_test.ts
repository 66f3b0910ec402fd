/** Streams into and out of content stores: what is held, what is taken back, what is free again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, contentStore, type Database, index } from "../../mod.ts";
import { CHUNK_BYTES } from "../../src/structures/content/content_layout.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { assertWhole, withStore } from "../kernel/checked.ts";
import { NOBODY, piecesOf, someBytes, streamOf } from "./content_stores.ts";

const photos = contentStore("photos");
const names = index("names", { key: codec.string, value: codec.string });
const MIB = 1024 * 1024;

/** Entries of the tree of the store: heads, chunks and what is left of streams. */
function treeEntries(db: Database): number {
  return db.open(rawTree(photos)).count();
}

/** Bytes of a file in which everything that was freed is free. */
async function settledBytes(db: Database): Promise<number> {
  await db.checkpoint();
  await db.checkpoint();
  return db.stats().liveBytes;
}

function* failing(bytes: Uint8Array, error: Error): Generator<Uint8Array> {
  yield* piecesOf(bytes, 300_000);
  throw error;
}

test("contentStore.put: a stream that fails takes back what has arrived, and the rest commits", () =>
  withStore(async (db) => {
    await db.update((tx) => tx.open(photos).put(someBytes(10)));
    const before = await settledBytes(db);
    const error = new Error("the line broke");
    for (const length of [0, 1000, 3 * MIB]) {
      await db.update(async (tx) => {
        tx.open(names).put(`${length}`, "there");
        const stream = streamOf(failing(someBytes(length), error));
        await assert.rejects(tx.open(photos).put(stream), (thrown) => thrown === error);
        tx.open(names).put(`${length}`, "still there");
      });
      assert.equal(db.open(names).get(`${length}`), "still there");
    }
    assert.equal(treeEntries(db), 2);
    assert.ok(await settledBytes(db) < before + 64 * 1024, "pages are free again");
  }));

test("contentStore.put: a signal ends a stream, cancels it, and takes back what has arrived", () =>
  withStore(async (db) => {
    const stop = new AbortController();
    const reason = new Error("enough");
    let cancelled: unknown;
    let asked = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        // After that it never yields again: the put has to end while it waits.
        if (asked++ < 5) controller.enqueue(someBytes(700_000));
        else setTimeout(() => stop.abort(reason), 0);
        return asked > 5 ? new Promise(() => {}) : undefined;
      },
      cancel: (why) => {
        cancelled = why;
      },
    }, { highWaterMark: 0 });
    await db.update(async (tx) => {
      const store = tx.open(photos);
      const { signal } = stop;
      await assert.rejects(store.put(stream, { signal }), (thrown) => thrown === reason);
      assert.equal(stream.locked, false);
      await assert.rejects(
        store.put(streamOf([someBytes(5)]), { signal }),
        (thrown) => thrown === reason,
      );
      store.put(someBytes(7));
    });
    assert.equal(cancelled, reason);
    assert.equal(treeEntries(db), 2);
  }));

test("contentStore.put: a rollback frees the pages of a stream", () =>
  withStore(async (db) => {
    await db.update((tx) => tx.open(photos).put(someBytes(10)));
    const before = await settledBytes(db);
    for (let round = 0; round < 3; round++) {
      const tx = db.begin();
      await tx.open(photos).put(streamOf(piecesOf(someBytes(4 * MIB), 100_000)));
      tx.rollback();
    }
    assert.ok(await settledBytes(db) <= before + 4096);
    assert.ok(db.stats().fileBytes < 12 * MIB, `${db.stats().fileBytes}`);
  }));

test("contentStore.put: a stream that is there already leaves one copy, its pages are free", () =>
  withStore(async (db) => {
    const bytes = someBytes(4 * MIB + 99);
    const id = await db.update((tx) => tx.open(photos).put(streamOf(piecesOf(bytes, 70_000))));
    const before = await settledBytes(db);
    const entries = treeEntries(db);
    for (let round = 0; round < 4; round++) {
      const again = await db.update((tx) => tx.open(photos).put(streamOf(piecesOf(bytes, MIB))));
      assert.ok(again.equals(id));
      assert.equal(treeEntries(db), entries);
      assert.ok(await settledBytes(db) <= before + 16 * 1024, "no second copy");
    }
    assert.ok(db.stats().fileBytes < 16 * MIB, `${db.stats().fileBytes}`);
    assert.ok(Buffer.from(db.open(photos).get(id)!).equals(bytes));
  }));

test("contentStore.put: streams of one transaction go beside each other, and beside other puts", () =>
  withStore(async (db) => {
    const parts = [3 * MIB, 2 * MIB + 5, 1000].map((length) => someBytes(length, length));
    const ids = await db.update((tx) => {
      const store = tx.open(photos);
      const all = parts.map((bytes) => store.put(streamOf(piecesOf(bytes, 50_000))));
      store.put(someBytes(20_000));
      return Promise.all(all);
    });
    for (const [n, bytes] of parts.entries()) {
      assert.ok(Buffer.from(db.open(photos).get(ids[n]!)!).equals(bytes));
    }
  }));

test("contentStore.put: the same stream twice at a time in one transaction is stored once", () =>
  withStore(async (db) => {
    const bytes = someBytes(2 * CHUNK_BYTES + 5);
    const ids = await db.update((tx) =>
      Promise.all(
        [70_000, 90_000].map((piece) => tx.open(photos).put(streamOf(piecesOf(bytes, piece)))),
      )
    );
    assert.ok(ids[0]!.equals(ids[1]!));
    assert.equal(treeEntries(db), 1 + 3);
  }));

test("contentStore.put: two transactions with one stream: the second runs again and finds it", () =>
  withStore(async (db) => {
    const bytes = someBytes(2 * CHUNK_BYTES + 5);
    let runs = 0;
    const ids = await Promise.all([1, 2].map(() =>
      db.update((tx) => {
        runs++;
        return tx.open(photos).put(streamOf(piecesOf(bytes, 70_000)));
      })
    ));
    assert.ok(ids[0]!.equals(ids[1]!));
    assert.equal(runs, 3);
    assert.equal(treeEntries(db), 1 + 3);
  }));

for (const isolation of ["last-win", "version-on-write", "version-on-read"] as const) {
  test(`contentStore at ${isolation}: who removes and who puts again conflict, both ways`, () =>
    withStore(async (db) => {
      const bytes = someBytes(200_000);
      const put = await db.update((tx) => tx.open(photos).put(bytes));
      for (const first of ["put", "delete"] as const) {
        const one = db.begin({ isolation });
        const two = db.begin({ isolation });
        one.open(photos).put(bytes);
        two.open(photos).delete(put);
        await (first === "put" ? one : two).commit();
        await assert.rejects((first === "put" ? two : one).commit(), { code: "CONFLICT" });
        assert.equal(db.open(photos).has(put), first === "put");
        assert.equal((await db.open(photos).verify()).ok, true);
      }
      // Two that store it first.
      const one = db.begin({ isolation });
      const two = db.begin({ isolation });
      one.open(photos).put(bytes);
      two.open(photos).put(bytes);
      await one.commit();
      await assert.rejects(two.commit(), { code: "CONFLICT" });
      assert.equal(treeEntries(db), 2);
    }));
}

test("contentStore.put: a transaction that ends before its stream takes nothing along", () =>
  withStore(async (db) => {
    for (const end of ["commit", "rollback"] as const) {
      const tx = db.begin();
      let go = (): void => {};
      const gate = new Promise<void>((resolve) => go = resolve);
      let pieces = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          if (pieces++ === 3) await gate;
          controller.enqueue(someBytes(MIB, pieces));
          if (pieces === 6) controller.close();
        },
      }, { highWaterMark: 0 });
      const putting = tx.open(photos).put(stream);
      while (pieces < 4) await new Promise((resolve) => setTimeout(resolve, 0));
      await tx[end]();
      go();
      await assert.rejects(putting, { code: "TRANSACTION_DONE" });
      for await (const { id } of db.open(photos).entries()) assert.fail(`${id}`);
      assert.equal((await db.open(photos).verify()).ok, true);
    }
    // What was committed of it is collected: see content_garbage_test.ts.
    assert.ok(treeEntries(db) > 0);
  }));

test("contentStore.put: a savepoint rolled back under a stream fails it, and nothing is half", () =>
  withStore(async (db) => {
    for (const at of [1, 3]) {
      await db.update(async (tx) => {
        const store = tx.open(photos);
        let pieces = 0;
        const mark: { back?: () => void } = {};
        function* source(): Generator<Uint8Array> {
          for (; pieces < 6; pieces++) {
            if (pieces === at) {
              const savepoint = tx.savepoint();
              mark.back = () => savepoint.rollback();
            }
            if (pieces === 5) mark.back?.();
            yield someBytes(MIB, pieces);
          }
        }
        await assert.rejects(store.put(streamOf(source())), { code: "TRANSACTION_DONE" });
        store.put(someBytes(9));
      });
      assert.equal(treeEntries(db), 2);
    }
    // One that is only taken back elsewhere does no harm.
    const bytes = someBytes(3 * MIB);
    const id = await db.update(async (tx) => {
      const store = tx.open(photos);
      function* source(): Generator<Uint8Array> {
        for (const piece of piecesOf(bytes, 500_000)) {
          yield piece;
          const savepoint = tx.savepoint();
          store.put(someBytes(100));
          savepoint.rollback();
        }
      }
      return await store.put(streamOf(source()));
    });
    assert.ok(Buffer.from(db.open(photos).get(id)!).equals(bytes));
  }));

test("contentStore.stream shows the moment of the call, and lets go at its end", () =>
  withStore(async (db) => {
    const bytes = someBytes(3 * MIB + 1);
    const ends = {
      read: async (stream: ReadableStream<Uint8Array>): Promise<void> => {
        const out = new Uint8Array(await new Response(stream).arrayBuffer());
        assert.ok(Buffer.from(out).equals(bytes));
      },
      cancel: async (stream: ReadableStream<Uint8Array>): Promise<void> => {
        const reader = stream.getReader();
        assert.equal((await reader.read()).value!.length, CHUNK_BYTES);
        await reader.cancel();
      },
    };
    for (const end of [ends.read, ends.cancel]) {
      const id = await db.update((tx) => tx.open(photos).put(bytes));
      const free = await settledBytes(db);
      const stream = db.open(photos).stream(id)!;
      await db.update((tx) => tx.open(photos).delete(id));
      assert.equal(db.open(photos).has(id), false);
      // Chunks that nobody shows any more would be written over by these.
      for (let n = 0; n < 4; n++) {
        await db.update((tx) => tx.open(photos).put(someBytes(MIB, 50 + n)));
        await db.checkpoint();
      }
      await end(stream);
      await db.update(async (tx) => {
        for await (const entry of tx.open(photos).entries()) tx.open(photos).delete(entry.id);
      });
      assert.ok(await settledBytes(db) < free - 2 * MIB, "the chunks are free");
    }
  }));

test("contentStore.stream of a transaction shows what it has put, and goes on after its end", () =>
  withStore(async (db) => {
    const bytes = someBytes(2 * MIB + 1);
    const tx = db.begin();
    const id = tx.open(photos).put(bytes);
    const stream = tx.open(photos).stream(id)!;
    assert.ok(Buffer.from(tx.open(photos).get(id)!).equals(bytes));
    tx.open(photos).delete(id);
    assert.equal(tx.open(photos).stream(id), undefined);
    assert.equal(tx.open(photos).stream(NOBODY), undefined);
    const out = new Uint8Array(await new Response(stream).arrayBuffer());
    assert.ok(Buffer.from(out).equals(bytes));
    await tx.commit();
    assert.equal(treeEntries(db), 0);
  }));

test("contentStore: a full disk refuses a stream, which is taken back, and the rest goes on", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(photos).put(someBytes(100)));
    await db.update(async (tx) => {
      const store = tx.open(photos);
      await assert.rejects(store.put(streamOf(piecesOf(someBytes(20 * MIB), MIB))), {
        code: "NO_SPACE",
      });
      store.put(someBytes(200));
    });
    assert.equal(treeEntries(db), 4);
    await assertWhole(db);
  }, { maxBytes: 8 * MIB });
});
