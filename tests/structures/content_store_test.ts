/** Content stores: the same behaviour in memory, on a simulated disk and on real files. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ContentId, contentStore, Database, type DigestState } from "../../mod.ts";
import { CHUNK_BYTES } from "../../src/structures/content/content_layout.ts";
import { NOBODY, piecesOf, PLACES, someBytes, streamOf } from "./content_stores.ts";

const photos = contentStore("photos");

/** Lengths on both sides of every bound there is. */
const LENGTHS = [
  0,
  1,
  959,
  960,
  961,
  2880,
  2881,
  4096,
  64 * 1024,
  64 * 1024 + 1,
  CHUNK_BYTES - 1,
  CHUNK_BYTES,
  CHUNK_BYTES + 1,
  2 * CHUNK_BYTES,
  2 * CHUNK_BYTES + 5,
];

for (const { place, run } of PLACES) {
  test(`contentStore: bytes of any length come back whole, also after reopening: ${place}`, () =>
    run(async (open) => {
      let db = await open();
      const ids = await db.update((tx) =>
        LENGTHS.map((length) => tx.open(photos).put(someBytes(length, length)))
      );
      for (const again of [false, true]) {
        if (again) {
          await db.close();
          db = await open();
        }
        const reader = db.open(photos);
        for (const [at, length] of LENGTHS.entries()) {
          const bytes = reader.get(ids[at]!);
          assert.ok(bytes !== undefined && bytes.length === length, `${length}`);
          assert.ok(Buffer.from(bytes).equals(someBytes(length, length)), `${length}`);
          assert.equal(reader.length(ids[at]!), length);
          assert.equal(reader.has(ids[at]!), true);
        }
        assert.equal(reader.get(NOBODY), undefined);
        assert.equal(reader.has(NOBODY), false);
        assert.equal(reader.length(NOBODY), undefined);
        assert.equal(reader.stream(NOBODY), undefined);
        assert.equal(reader.range(NOBODY, 0), undefined);
      }
      await db.close();
    }));

  test(`contentStore.read: many at once, each whole, whatever becomes of the store meanwhile: ${place}`, () =>
    run(async (open) => {
      const db = await open();
      const ids = await db.update((tx) =>
        LENGTHS.map((length) => tx.open(photos).put(someBytes(length, length)))
      );
      const reads = [...ids, ...ids].map((id) => db.open(photos).read(id));
      const absent = db.open(photos).read(NOBODY);
      await db.update((tx) => {
        for (const id of ids) tx.open(photos).delete(id);
        tx.open(photos).put(someBytes(3 * CHUNK_BYTES, 9));
      });
      await db.close();
      for (const [at, bytes] of (await Promise.all(reads)).entries()) {
        const length = LENGTHS[at % LENGTHS.length]!;
        assert.ok(Buffer.from(bytes!).equals(someBytes(length, length)), `${length}`);
      }
      assert.equal(await absent, undefined);
    }));

  test(`contentStore: a stream gives the id of its bytes, however it is cut: ${place}`, () =>
    run(async (open) => {
      const db = await open();
      for (const length of LENGTHS.filter((length) => length !== 64 * 1024)) {
        const bytes = someBytes(length, length);
        for (const piece of [length === 0 ? 1 : length, 65_521, 3 * CHUNK_BYTES]) {
          const id = await db.update((tx) => tx.open(photos).put(streamOf(piecesOf(bytes, piece))));
          const wanted = await db.update((tx) => tx.open(photos).put(bytes));
          assert.equal(`${id}`, `${wanted}`);
          assert.ok(Buffer.from(db.open(photos).get(id)!).equals(bytes), `${length} by ${piece}`);
          const out = await new Response(db.open(photos).stream(id)).arrayBuffer();
          assert.ok(Buffer.from(out).equals(bytes), `${length} by ${piece}`);
          assert.equal(await db.update((tx) => tx.open(photos).delete(id)), true);
          assert.equal(await db.update((tx) => tx.open(photos).delete(id)), false);
          assert.equal(db.open(photos).get(id), undefined);
        }
      }
      assert.equal((await entries(db)).length, 0);
      await db.close();
    }));

  test(`contentStore.entries: ids and lengths in order, of the moment of the call: ${place}`, () =>
    run(async (open) => {
      const db = await open();
      const ids = await db.update((tx) =>
        Array.from({ length: 30 }, (_, n) => tx.open(photos).put(someBytes(n * 100, n)))
      );
      const walk = db.open(photos).entries();
      await db.update((tx) => {
        tx.open(photos).delete(ids[3]!);
        tx.open(photos).put(someBytes(77, 99));
      });
      const seen: [string, number][] = [];
      for await (const { id, length, aside } of walk) {
        assert.equal(aside, false);
        seen.push([`${id}`, length]);
      }
      const wanted = ids.map((id, n): [string, number] => [`${id}`, n * 100]);
      assert.deepEqual(seen, wanted.sort(([a], [b]) => a < b ? -1 : 1));
      assert.equal((await entries(db)).length, 30);
      assert.deepEqual(
        [...db.open(photos).entries()],
        await Array.fromAsync(db.open(photos).entries()),
      );
      // One that is let go before its beginning, and one in the middle, hold nothing.
      await db.open(photos).entries()[Symbol.asyncIterator]().return!();
      for await (const _ of db.open(photos).entries()) break;
      for (const _ of db.open(photos).entries()) break;
      assert.equal(db.stats().heldStates, 0);
      await db.close();
    }));
}

test("contentStore.range: any part of a blob, across chunks and over its end", async () => {
  const db = await Database.memory();
  for (const length of [0, 10, 2000, 2 * CHUNK_BYTES + 999]) {
    const bytes = someBytes(length, length);
    const id = await db.update((tx) => tx.open(photos).put(bytes));
    const reader = db.open(photos);
    const bounds = [0, 1, 9, 959, 960, 961, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, length];
    for (const from of bounds) {
      for (const to of [...bounds, length + 50, Infinity]) {
        if (to < from) continue;
        const part = reader.range(id, from, to)!;
        assert.ok(Buffer.from(part).equals(bytes.subarray(from, to)), `${length}: ${from}-${to}`);
      }
    }
    assert.ok(Buffer.from(reader.range(id, 0)!).equals(bytes));
    for (const [from, to] of [[-1, 5], [0.5, 5], [5, 4], [0, NaN], [NaN, 1]] as const) {
      assert.throws(() => reader.range(id, from, to), RangeError);
    }
  }
  await db.close();
});

test("contentStore.get hands out bytes that are the caller's", async () => {
  const db = await Database.memory();
  for (const length of [10, 2000, 5000, 100_000]) {
    const given = someBytes(length);
    const id = await db.update((tx) => {
      const id = tx.open(photos).put(given);
      given.fill(0);
      return id;
    });
    db.open(photos).get(id)!.fill(0);
    db.open(photos).range(id, 0)!.fill(0);
    (await db.open(photos).read(id))!.fill(0);
    assert.deepEqual(db.open(photos).get(id), someBytes(length));
  }
  await db.close();
});

test("contentStore refuses arguments of the wrong kind, and options that there are not", async () => {
  const db = await Database.memory();
  const wrong = (value: unknown): never => value as never;
  assert.throws(() => contentStore("x", wrong({ hash: "sha256" })), TypeError);
  assert.throws(() => contentStore("x", { digest: wrong("md5") }), RangeError);
  assert.throws(
    () => contentStore("x", { digest: wrong({ name: "a b", outputLen: 4 }) }),
    RangeError,
  );
  assert.throws(() => contentStore("x", { digest: wrong({ name: "a", outputLen: 4 }) }), TypeError);
  assert.throws(() => contentStore("x", { digest: wrong({ name: "a", create() {} }) }), TypeError);
  const create = wrong(() => {});
  assert.throws(
    () => contentStore("x", { digest: { name: "a", outputLen: 0, create } }),
    RangeError,
  );
  assert.throws(
    () => contentStore("x", { digest: { name: "sha256", outputLen: 20, create } }),
    RangeError,
  );
  assert.throws(() => db.open(photos).get(wrong(`${NOBODY}`)), TypeError);
  assert.throws(() => db.open(photos).has(wrong(undefined)), TypeError);
  await assert.rejects(db.open(photos).verify(wrong({ quarantine: true })), TypeError);
  await db.update((tx) => {
    assert.throws(() => tx.open(photos).put(wrong("text")), TypeError);
    assert.throws(() => tx.open(photos).put(wrong(undefined)), TypeError);
    assert.throws(() => tx.open(photos).put(streamOf([]), wrong({ sigal: 1 })), TypeError);
  });
  await assert.rejects(
    db.update((tx) => tx.open(photos).put(streamOf([wrong("text")]))),
    TypeError,
  );
  await db.close();
});

test("contentStore: another digest under a used name is TYPE_MISMATCH", async () => {
  const db = await Database.memory();
  await db.update((tx) => tx.open(photos).put(someBytes(5)));
  const other = contentStore("photos", { digest: "blake3" });
  assert.throws(() => db.open(other), { code: "TYPE_MISMATCH" });
  // An id by another digest names no blob here.
  const id = ContentId.parse(`blake3:${"00".repeat(32)}`);
  assert.equal(db.open(photos).get(id), undefined);
  assert.equal(db.open(photos).has(id), false);
  assert.equal(await db.update((tx) => tx.open(photos).delete(id)), false);
  assert.equal(await db.update((tx) => tx.open(photos).touch(id)), false);
  await db.close();
});

test("Database.watch tells ids and lengths of blobs, and nothing of their chunks", async () => {
  const db = await Database.memory();
  await db.update((tx) => tx.open(photos).put(someBytes(1)));
  const seen: string[] = [];
  const watch = db.watch(photos)[Symbol.asyncIterator]();
  const ids = await db.update(async (tx) => {
    const store = tx.open(photos);
    const large = await store.put(streamOf(piecesOf(someBytes(3 * CHUNK_BYTES), 100_000)));
    return [large, store.put(someBytes(2000))];
  });
  await db.update((tx) => tx.open(photos).delete(ids[0]!));
  for (let n = 0; n < 3; n++) {
    const { value } = await watch.next();
    seen.push(`${value.kind} ${value.key} ${value.value}`);
  }
  const [large, small] = ids;
  assert.deepEqual(
    [seen.slice(0, 2).sort(), seen[2]],
    [
      [`put ${large} ${3 * CHUNK_BYTES}`, `put ${small} 2000`].sort(),
      `remove ${large} undefined`,
    ],
  );
  await watch.return?.();
  await db.close();
});

async function entries(db: Database): Promise<ContentId[]> {
  const ids: ContentId[] = [];
  for await (const { id } of db.open(photos).entries()) ids.push(id);
  return ids;
}

test("contentStore.read takes the digest of its platform, made aside, and does not believe bytes", async () => {
  const made: number[] = [];
  const digest = {
    name: "sum",
    outputLen: 4,
    create: () => {
      let sum = 0;
      return {
        update: (bytes: Uint8Array): void => bytes.forEach((byte) => sum += byte),
        digest: () => new Uint8Array(Uint32Array.of(sum).buffer),
      };
    },
    aside: (bytes: Uint8Array): Promise<Uint8Array> => {
      made.push(bytes.length);
      const state = digest.create();
      state.update(bytes);
      return Promise.resolve(state.digest());
    },
  };
  const sums = contentStore("sums", { digest });
  const db = await Database.memory();
  const [small, large] = await db.update((tx) =>
    [100, 100_000].map((length) => tx.open(sums).put(someBytes(length)))
  );
  assert.equal((await db.open(sums).read(small!))!.length, 100);
  assert.equal((await db.open(sums).read(large!))!.length, 100_000);
  assert.deepEqual(made, [100_000]);
  digest.aside = () => Promise.resolve(new Uint8Array(4));
  await assert.rejects(db.open(sums).read(large!), { code: "CORRUPT_CONTENT" });
  await db.close();
});

test("contentStore takes a digest made whole for what is all there, and does not believe bytes", async () => {
  const made: number[] = [];
  let isRight = true;
  const digest = {
    name: "sum",
    outputLen: 4,
    create: (): DigestState => {
      let sum = 0;
      return {
        update: (bytes: Uint8Array): void => bytes.forEach((byte) => sum += byte),
        digest: () => new Uint8Array(Uint32Array.of(sum).buffer),
      };
    },
    whole: (bytes: Uint8Array): Uint8Array => {
      made.push(bytes.length);
      const state = digest.create();
      state.update(isRight ? bytes : bytes.subarray(1));
      return state.digest();
    },
  };
  const sums = contentStore("sums", { digest });
  const db = await Database.memory();
  const bytes = someBytes(600_000);
  const id = await db.update((tx) => tx.open(sums).put(bytes));
  assert.deepEqual(db.open(sums).get(id), bytes);
  assert.deepEqual(await db.open(sums).read(id), bytes);
  assert.deepEqual(made, [600_000, 600_000, 600_000]);
  const same = await db.update((tx) => tx.open(sums).put(streamOf([bytes])));
  assert.ok(same.equals(id));
  assert.equal(made.length, 3, "of a stream it is made piece by piece");
  isRight = false;
  assert.throws(() => db.open(sums).get(id), { code: "CORRUPT_CONTENT" });
  await db.close();
});
