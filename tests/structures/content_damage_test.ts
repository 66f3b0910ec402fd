/** Damaged blobs: absent and corrupt are told apart, and the right bytes heal. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, type ContentId, contentStore, Database } from "../../mod.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import {
  CHUNK_BYTES,
  chunkKey,
  headCodec,
  headKey,
} from "../../src/structures/content/content_layout.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { withStore } from "../kernel/checked.ts";
import { diskWith, readBytes } from "../kernel/file_bytes.ts";
import { assertDamage } from "../sim/damage/damage_sample.ts";
import { NOBODY, piecesOf, someBytes, streamOf } from "./content_stores.ts";

const PATH = "/damage.hold";
const photos = contentStore("photos");
const MIB = 1024 * 1024;

/** Changes a byte of a chunk behind the back of the store, so that no checksum of the kernel knows. */
async function forge(db: Database, id: ContentId, chunk = 0): Promise<void> {
  await db.update((tx) => {
    const tree = tx.open(rawTree(photos));
    const head = tree.get(headKey(id), headCodec)!;
    const bytes = tree.get(chunkKey(head.serial, chunk), codec.bytes)!.slice();
    bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 1;
    tree.put(chunkKey(head.serial, chunk), bytes, bytes.length);
  });
}

async function drain(stream: ReadableStream<Uint8Array> | undefined): Promise<number> {
  let length = 0;
  for await (const piece of stream!) length += piece.length;
  return length;
}

test("regression: a corrupt blob is CORRUPT_CONTENT, and never looks like an absent one", () =>
  withStore(async (db) => {
    for (const length of [1, 3000, 200_000, 3 * MIB]) {
      const id = await db.update((tx) => tx.open(photos).put(someBytes(length)));
      assert.equal(db.open(photos).get(id)!.length, length);
      await forge(db, id);
      const corrupt = { code: "CORRUPT_CONTENT", name: "CorruptionError" };
      assert.throws(() => db.open(photos).get(id), corrupt);
      await assert.rejects(db.open(photos).read(id), corrupt);
      assert.equal(db.open(photos).has(id), true);
      await assert.rejects(drain(db.open(photos).stream(id)), corrupt);
      const { damaged, ok } = await db.open(photos).verify();
      assert.deepEqual([ok, damaged.map((each) => `${each.id} ${each.code}`)], [
        false,
        [`${id} CORRUPT_CONTENT`],
      ]);
      assert.equal(db.open(photos).get(NOBODY), undefined);
      assert.equal(await db.update((tx) => tx.open(photos).delete(id)), true);
      assert.equal(db.open(photos).get(id), undefined);
    }
    assert.equal(db.stats().heldStates, 0);
  }));

test("contentStore.stream: the last piece comes only when all of it agrees with the id", () =>
  withStore(async (db) => {
    const id = await db.update((tx) => tx.open(photos).put(someBytes(3 * CHUNK_BYTES + 10)));
    await forge(db, id, 1);
    const reader = db.open(photos).stream(id)!.getReader();
    for (let n = 0; n < 3; n++) assert.equal((await reader.read()).value!.length, CHUNK_BYTES);
    await assert.rejects(reader.read(), { code: "CORRUPT_CONTENT" });
  }));

test("contentStore: parts that are missing or of another length are CORRUPT_CONTENT", () =>
  withStore(async (db) => {
    for (const length of [0, 2500, 5000, 2 * CHUNK_BYTES + 7]) {
      for (const what of ["missing", "short", "long"] as const) {
        const id = await db.update((tx) => tx.open(photos).put(someBytes(length)));
        const chunk = length === 0 || length === 5000 ? 0 : 1;
        if (length === 0 && what === "short") continue;
        await db.update((tx) => {
          const tree = tx.open(rawTree(photos));
          const { serial } = tree.get(headKey(id), headCodec)!;
          const bytes = tree.get(chunkKey(serial, chunk), codec.bytes)!;
          if (what === "missing") tree.remove(chunkKey(serial, chunk));
          else {
            const other = new Uint8Array(bytes.length + (what === "long" ? 1 : -1));
            tree.put(chunkKey(serial, chunk), other, other.length);
          }
        });
        const reader = db.open(photos);
        const corrupt = { code: "CORRUPT_CONTENT" };
        assert.throws(() => reader.get(id), corrupt, `${length} ${what}`);
        await assert.rejects(drain(reader.stream(id)), corrupt);
        if (length > 0) assert.throws(() => reader.range(id, 0), corrupt);
        assert.equal((await reader.verify()).damaged.length, 1);
        const { problems } = await db.check({ structures: [photos] });
        assert.deepEqual(
          problems.map(({ code }) => code),
          what === "missing" ? ["CORRUPT_CONTENT"] : [],
        );
        await db.update((tx) => tx.open(photos).delete(id));
      }
    }
  }));

test("contentStore: a head that makes no sense is CORRUPT_VALUE", () =>
  withStore(async (db) => {
    const id = await db.update((tx) => tx.open(photos).put(someBytes(100)));
    for (const bytes of [[], [2, 1, 1, 1, 1], [0, 1, 1, 0, 1], [0, 1, 1, 1, 1, 1], [0, 1, 1, 1]]) {
      await db.update((tx) => {
        tx.open(rawTree(photos)).put(headKey(id), Uint8Array.from(bytes), bytes.length);
      });
      assert.throws(() => db.open(photos).get(id), { code: "CORRUPT_VALUE" });
      assert.throws(() => db.open(photos).has(id), { code: "CORRUPT_VALUE" });
    }
    // One that claims more than there can be is found before anything is allocated for it.
    const out = new ByteWriter(32);
    const head = { aside: false, serial: 0, chunkBytes: CHUNK_BYTES, stamp: 0 };
    for (const length of [60 * MIB, Number.MAX_SAFE_INTEGER]) {
      out.reset();
      headCodec.encode({ ...head, length }, out);
      await db.update((tx) => tx.open(rawTree(photos)).put(headKey(id), out.bytes, out.length));
      assert.throws(
        () => db.open(photos).get(id),
        { code: length === 60 * MIB ? "CORRUPT_CONTENT" : "TOO_LARGE" },
      );
      await assert.rejects(drain(db.open(photos).stream(id)), { code: "CORRUPT_CONTENT" });
      assert.throws(() => db.open(photos).range(id, 5, 10), { code: "CORRUPT_CONTENT" });
    }
  }));

test("contentStore.verify sets damaged blobs aside: corrupt as before, until put again", () =>
  withStore(async (db) => {
    const parts = [10, 3000, 100_000, 2 * CHUNK_BYTES + 1].map((length) =>
      someBytes(length, length)
    );
    const ids = await db.update((tx) => parts.map((bytes) => tx.open(photos).put(bytes)));
    const whole = await db.update((tx) => tx.open(photos).put(someBytes(70)));
    for (const id of ids) await forge(db, id);
    // Without quarantine a put does not look at what is there.
    await db.update((tx) => tx.open(photos).put(parts[0]!));
    assert.throws(() => db.open(photos).get(ids[0]!), { code: "CORRUPT_CONTENT" });

    const told: number[] = [];
    const report = await db.update((tx) =>
      tx.open(photos).verify({ quarantine: true, onProgress: ({ blobs }) => told.push(blobs) })
    );
    assert.deepEqual(told, [1, 2, 3, 4, 5]);
    assert.deepEqual([report.ok, report.blobs, report.damaged.length], [false, 5, 4]);
    const corrupt = { code: "CORRUPT_CONTENT" };
    for (const id of ids) {
      const reader = db.open(photos);
      assert.throws(() => reader.get(id), corrupt);
      assert.throws(() => reader.stream(id), corrupt);
      assert.throws(() => reader.range(id, 0, 1), corrupt);
      assert.equal(reader.has(id), false);
      assert.equal(await db.update((tx) => tx.open(photos).touch(id)), false);
    }
    const aside: string[] = [];
    for await (const entry of db.open(photos).entries()) if (entry.aside) aside.push(`${entry.id}`);
    assert.deepEqual(aside, ids.map(String).sort());
    assert.equal((await db.open(photos).verify()).damaged.length, 4);

    await db.update(async (tx) => {
      const store = tx.open(photos);
      for (const [n, bytes] of parts.entries()) {
        const id = n % 2 === 0
          ? store.put(bytes)
          : await store.put(streamOf(piecesOf(bytes, 100_000)));
        assert.ok(id.equals(ids[n]!));
      }
    });
    for (const [n, id] of ids.entries()) {
      assert.ok(Buffer.from(db.open(photos).get(id)!).equals(parts[n]!));
      assert.equal(db.open(photos).has(id), true);
    }
    assert.deepEqual(db.open(photos).get(whole), someBytes(70));
    const { ok, blobs } = await db.open(photos).verify();
    assert.deepEqual([ok, blobs], [true, 5]);
    // The damaged chunks are gone with the healing: 5 heads, and 1, 1, 1, 3 and 1 chunks.
    assert.equal(db.open(rawTree(photos)).count(), 12);
  }));

test("contentStore.verify says what the kernel has found, and a put heals that, too", async () => {
  const io = memoryIo();
  const parts = [5000, 200_000, CHUNK_BYTES].map((length) => someBytes(length, length));
  let db = await Database.open(PATH, { io });
  const ids = await db.update((tx) => parts.map((bytes) => tx.open(photos).put(bytes)));
  await db.close();
  const image = Buffer.from(await readBytes(io, PATH));
  for (const bytes of parts) {
    // The log may have a copy, too.
    const begin = bytes.subarray(0, 1000);
    let found = 0;
    for (let at = image.indexOf(begin); at >= 0; at = image.indexOf(begin, at + 1), found++) {
      image[at + 2000] = image[at + 2000]! ^ 8;
    }
    assert.ok(found > 0);
  }
  db = await Database.open(PATH, { io: await diskWith(image, PATH) });
  for (const id of ids) {
    assert.throws(() => db.open(photos).get(id), { code: "CORRUPT_VALUE" });
    assert.throws(() => db.open(photos).range(id, 0, 10), { code: "CORRUPT_VALUE" });
    await assert.rejects(drain(db.open(photos).stream(id)), { code: "CORRUPT_VALUE" });
  }
  const { damaged } = await db.update((tx) => tx.open(photos).verify({ quarantine: true }));
  assert.deepEqual(damaged.map(({ code }) => code), Array(3).fill("CORRUPT_VALUE"));
  await db.update((tx) => {
    for (const bytes of parts) tx.open(photos).put(bytes);
  });
  assert.equal((await db.open(photos).verify()).ok, true);
  assert.deepEqual((await db.check()).problems, []);
  await db.close();
});

test("contentStore.verify spares what was put again or removed while it read", () =>
  withStore(async (db) => {
    const ids = await db.update((tx) =>
      [1, 2, 3].map((n) => tx.open(photos).put(someBytes(50, n)))
    );
    for (const id of ids) await forge(db, id);
    await db.update(async (tx) => {
      const store = tx.open(photos);
      const verifying = store.verify({
        quarantine: true,
        onProgress: ({ blobs }) => {
          if (blobs !== 3) return;
          store.delete(ids[0]!);
          store.delete(ids[1]!);
          store.put(someBytes(50, 2));
        },
      });
      assert.equal((await verifying).damaged.length, 3);
      assert.equal(store.get(ids[0]!), undefined);
      assert.deepEqual(store.get(ids[1]!), someBytes(50, 2));
      assert.throws(() => store.get(ids[2]!), { code: "CORRUPT_CONTENT" });
      assert.equal(store.has(ids[2]!), false);
    });
  }));

test("contentStore.verify ends by its signal, and holds nothing afterwards", () =>
  withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 5; n++) tx.open(photos).put(someBytes(3 * MIB, n));
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    const { signal } = stop;
    let last = 0;
    const onProgress = ({ blobs }: { blobs: number }): void => {
      last = blobs;
      if (blobs === 2) stop.abort(reason);
    };
    const thrown = (error: unknown): boolean => error === reason;
    await assert.rejects(db.open(photos).verify({ signal, onProgress }), thrown);
    assert.equal(last, 2);
    await assert.rejects(db.open(photos).verify({ signal }), thrown);
    assert.equal(db.stats().heldStates, 0);
  }));

test("contentStore: every byte of a store changed in turn is the right data, or a typed error", {
  timeout: 60_000,
}, async () => {
  const codes = ["CORRUPT_PAGE"] as const;
  await assertDamage({ stores: ["content store"], codes });
});

test("contentStore: a store cut to any length is a typed error", { timeout: 60_000 }, async () => {
  const kinds = ["cut", "removed", "emptied"] as const;
  const codes = ["CORRUPT_SUPERBLOCK", "NOT_OUR_FILE"] as const;
  await assertDamage({ stores: ["content store"], kinds, codes });
});
