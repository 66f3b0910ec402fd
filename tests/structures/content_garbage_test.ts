/** Garbage collection: what is referred to stays, whatever happens meanwhile. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codec,
  collectGarbage,
  ContentId,
  contentStore,
  type Database,
  index,
  type Snapshot,
} from "../../mod.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { withStore } from "../kernel/checked.ts";
import { piecesOf, PLACES, someBytes, streamOf } from "./content_stores.ts";

const photos = contentStore("photos");
const faces = index("faces", { key: codec.u32, value: codec.string });

function* roots(snapshot: Snapshot): Generator<ContentId> {
  for (const [, id] of snapshot.open(faces).range()) yield ContentId.parse(id);
}

async function* asyncRoots(snapshot: Snapshot): AsyncGenerator<ContentId> {
  for (const id of roots(snapshot)) {
    await Promise.resolve();
    yield id;
  }
}

/** Puts blobs and refers to those whose number is even. */
function fill(db: Database, count: number): Promise<ContentId[]> {
  return db.update((tx) =>
    Array.from({ length: count }, (_, n) => {
      const id = tx.open(photos).put(someBytes(n * 97, n));
      if (n % 2 === 0) tx.open(faces).put(n, `${id}`);
      return id;
    })
  );
}

for (const { place, run } of PLACES) {
  test(`collectGarbage removes what nothing refers to, and nothing else: ${place}`, () =>
    run(async (open) => {
      let db = await open();
      const ids = await fill(db, 250);
      await db.close();
      db = await open();
      const seen: number[] = [];
      const report = await collectGarbage(db, photos, {
        references: place === "memory" ? asyncRoots : roots,
        batch: 10,
        onProgress: ({ removed }) => seen.push(removed),
      });
      const bytes = ids.reduce((sum, _, n) => sum + (n % 2 === 0 ? 0 : n * 97), 0);
      assert.deepEqual(report, { kept: 125, removed: 125, removedBytes: bytes });
      assert.ok(seen.length > 10 && seen.every((count, at) => at === 0 || count > seen[at - 1]!));
      for (const [n, id] of ids.entries()) {
        const wanted = n % 2 === 0 ? someBytes(n * 97, n) : undefined;
        assert.deepEqual(db.open(photos).get(id), wanted);
      }
      assert.deepEqual(
        await collectGarbage(db, photos, { references: roots }),
        { kept: 125, removed: 0, removedBytes: 0 },
      );
      await db.close();
    }));
}

test("collectGarbage: what is put, touched or put by a stream while it runs survives", () =>
  withStore(async (db) => {
    const large = someBytes(2_500_000);
    const bytes = Array.from({ length: 6 }, (_, n) => someBytes(1000 + n, n));
    const ids = await db.update((tx) => [...bytes, large].map((each) => tx.open(photos).put(each)));
    const gone = await collectGarbage(db, photos, {
      async *references() {
        // After the snapshot, before anything is removed.
        await db.update(async (tx) => {
          const store = tx.open(photos);
          store.put(bytes[0]!);
          assert.equal(store.touch(ids[1]!), true);
          await store.put(streamOf([bytes[2]!]));
          await store.put(streamOf(piecesOf(large, 100_000)));
          store.delete(ids[3]!);
          store.put(bytes[3]!);
          store.put(someBytes(5000));
        });
        yield ids[4]!;
      },
    });
    assert.deepEqual(gone, { kept: 1, removed: 1, removedBytes: 1005 });
    const there = ids.map((id) => db.open(photos).has(id));
    assert.deepEqual(there, [true, true, true, true, true, false, true]);
    assert.equal((await db.open(photos).verify()).ok, true);
  }));

test("collectGarbage spares what is deleted and put again, also first thing after opening", () =>
  PLACES[0]!.run(async (open) => {
    let db = await open();
    const id = await db.update((tx) => tx.open(photos).put(someBytes(3000)));
    await db.close();
    db = await open();
    const report = await collectGarbage(db, photos, {
      async *references() {
        await db.update((tx) => {
          assert.equal(tx.open(photos).delete(id), true);
          tx.open(photos).put(someBytes(3000));
        });
        yield* [];
      },
    });
    assert.equal(report.removed, 0);
    assert.deepEqual(db.open(photos).get(id), someBytes(3000));
    await db.close();
  }));

test("collectGarbage: a transaction that was open all along conflicts, and puts again", () =>
  withStore(async (db) => {
    const bytes = someBytes(3000);
    const id = await db.update((tx) => tx.open(photos).put(bytes));
    let runs = 0;
    await db.update(async (tx) => {
      runs++;
      tx.open(photos).put(bytes);
      tx.open(faces).put(1, `${id}`);
      if (runs > 1) return;
      const report = await collectGarbage(db, photos, { references: roots });
      assert.equal(report.removed, 1);
    });
    assert.equal(runs, 2);
    assert.deepEqual(db.open(photos).get(id), bytes);
    assert.deepEqual(
      await collectGarbage(db, photos, { references: roots }),
      { kept: 1, removed: 0, removedBytes: 0 },
    );
  }));

test("collectGarbage removes what streams left whose transactions were committed too early", () =>
  withStore(async (db) => {
    const tx = db.begin();
    let pieces = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(someBytes(1_000_000, pieces++));
        return pieces < 5 ? undefined : new Promise(() => {});
      },
    }, { highWaterMark: 0 });
    const stop = new AbortController();
    const putting = tx.open(photos).put(stream, { signal: stop.signal });
    putting.catch(() => {});
    while (pieces < 5) await new Promise((resolve) => setTimeout(resolve, 0));
    await tx.commit();
    stop.abort();
    await assert.rejects(putting, { name: "AbortError" });
    assert.ok(db.open(rawTree(photos)).count() > 3);
    const id = await db.update((tx) => tx.open(photos).put(someBytes(50)));
    await collectGarbage(db, photos, { references: () => [id] });
    assert.equal(db.open(rawTree(photos)).count(), 2);
    await db.checkpoint();
    await db.checkpoint();
    assert.ok(db.stats().liveBytes < 1_000_000, `${db.stats().liveBytes}`);
  }));

test("collectGarbage leaves in-doubt blobs alone, and removes the others", () =>
  withStore(async (db) => {
    const ids = await db.update((tx) =>
      [1, 2, 3].map((n) => tx.open(photos).put(someBytes(2000, n)))
    );
    const tx = db.begin({ transactionId: Uint8Array.of(1) });
    tx.open(photos).touch(ids[0]!);
    tx.open(photos).delete(ids[1]!);
    const prepared = await tx.prepare();
    const report = await collectGarbage(db, photos, { references: () => [] });
    assert.equal(report.removed, 1);
    await prepared.commit();
    assert.deepEqual(ids.map((id) => db.open(photos).has(id)), [true, false, false]);
    assert.equal((await collectGarbage(db, photos, { references: () => [] })).removed, 1);
    assert.equal(db.open(rawTree(photos)).count(), 0);
  }));

test("collectGarbage ends by its signal, by a failing root, and holds no snapshot afterwards", () =>
  withStore(async (db) => {
    await fill(db, 60);
    const stop = new AbortController();
    const reason = new Error("enough");
    const { signal } = stop;
    await assert.rejects(
      collectGarbage(db, photos, {
        references: roots,
        batch: 5,
        signal,
        onProgress: ({ removed }) => removed >= 10 && stop.abort(reason),
      }),
      (error) => error === reason,
    );
    assert.equal(db.stats().snapshots, 0);
    let left = 0;
    for await (const _ of db.open(photos).entries()) left++;
    assert.equal(left, 50);
    let ended = false;
    await assert.rejects(
      collectGarbage(db, photos, {
        *references() {
          try {
            yield "no id" as unknown as ContentId;
          } finally {
            ended = true;
          }
        },
      }),
      TypeError,
    );
    assert.equal(ended, true);
    await assert.rejects(
      collectGarbage(db, photos, {
        references: () => {
          throw reason;
        },
      }),
      (error) => error === reason,
    );
    assert.equal(db.stats().snapshots, 0);
    const wrong = (value: unknown): never => value as never;
    await assert.rejects(
      collectGarbage(db, photos, { references: roots, batch: 0 }),
      RangeError,
    );
    await assert.rejects(collectGarbage(db, wrong(faces), { references: roots }), TypeError);
    await assert.rejects(
      collectGarbage(db, photos, wrong({ references: roots, limit: 1 })),
      TypeError,
    );
    // The next one does the rest.
    const report = await collectGarbage(db, photos, { references: roots });
    assert.deepEqual([report.kept, report.removed], [30, 20]);
  }));

test("collectGarbage: references may name blobs of other stores, and blobs that are gone", () =>
  withStore(async (db) => {
    const ids = await fill(db, 10);
    const report = await collectGarbage(db, photos, {
      references: () => [
        ids[3]!,
        ids[3]!,
        ContentId.parse(`blake3:${"00".repeat(32)}`),
        ContentId.parse(`sha256:${"00".repeat(32)}`),
      ],
    });
    assert.deepEqual([report.kept, report.removed], [1, 9]);
  }));
