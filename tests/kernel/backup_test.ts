import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type BackupProgress,
  codec,
  Database,
  EmbeddedStreamStore,
  index,
  type IoAdapter,
  isHoldfastError,
  recordLog,
  type Snapshot,
} from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import { START } from "../streams/outcomes.ts";
import { assertWhole, bytes, withFolder, withStore } from "./checked.ts";

const numbers = index("numbers", { key: codec.u32, value: codec.bytes });
const audit = recordLog("audit");
const PATH = "/test.hold";
const COPY = "/copy.hold";

function filled(length: number, seed: number): Uint8Array {
  const value = new Uint8Array(length);
  for (let i = 0; i < length; i++) value[i] = i * 31 + seed;
  return value;
}

type Contents = { numbers: [number, Uint8Array][]; audit: string[] };

function contentsOf(view: Database | Snapshot): Contents {
  return {
    numbers: [...view.open(numbers).range()],
    audit: [...view.open(audit).read()].map((entry) => new TextDecoder().decode(entry.bytes)),
  };
}

/** Opens a copy, which must not need recovery, checks it, reads it and writes to it. */
async function readCopy(io: IoAdapter, path: string): Promise<Contents> {
  const copy = await Database.open(path, { io, create: false });
  assert.equal(copy.recovered.cleanClose, true);
  assert.equal(copy.recovered.replayedBatches, 0);
  assert.deepEqual(copy.recovered.damagedSlots, []);
  await assertWhole(copy);
  const contents = contentsOf(copy);
  await copy.update((tx) => tx.open(numbers).put(4_000_000_000, bytes("written")));
  await assertWhole(copy);
  await copy.close();
  return contents;
}

async function fill(db: Database, count: number): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    await db.update((tx) => {
      const writer = tx.open(numbers);
      for (let n = from; n < Math.min(count, from + 500); n++) writer.put(n, filled(n % 90, n));
      tx.open(audit).append(bytes(`from ${from}`));
    });
  }
}

/** A stream that keeps what it gets. */
function collector(): { stream: WritableStream<Uint8Array>; parts: Uint8Array[]; closed: boolean } {
  const collected = {
    parts: [] as Uint8Array[],
    closed: false,
    stream: new WritableStream<Uint8Array>({
      write: (part) => void collected.parts.push(part),
      close: () => void (collected.closed = true),
    }),
  };
  return collected;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function writeFile(io: IoAdapter, path: string, contents: Uint8Array): Promise<void> {
  const file = await io.open(path, "create-new");
  file.writeAt(contents, 0);
  file.sync();
  file.close();
}

test("backup: an empty store gives an empty store", () =>
  withStore(async (db, io) => {
    const report = await db.backup(COPY);
    assert.deepEqual({ entries: report.entries, trees: report.trees }, { entries: 0, trees: 0 });
    assert.equal((await io.stat(COPY))?.size, report.bytes);
    assert.deepEqual(await readCopy(io, COPY), { numbers: [], audit: [] });
  }));

test("backup: a file under a running writer holds what a snapshot of the same moment holds", () =>
  withStore(async (db, io) => {
    await fill(db, 12_000);
    const random = new Prng(7);
    let writes = 0;
    let writing = true;
    const writer = (async (): Promise<void> => {
      while (writing) {
        await db.update((tx) => {
          const view = tx.open(numbers);
          for (let i = 0; i < 50; i++) {
            const key = random.below(25_000);
            if (random.below(3) === 0) view.remove(key);
            else view.put(key, filled(random.below(200), key));
          }
          view.put(30_000, filled(70_000, writes));
        });
        if (++writes % 10 === 0) await db.checkpoint();
      }
    })();
    for (let round = 0; round < 3; round++) {
      const before = writes;
      const snapshot = db.snapshot();
      await db.backup(`${COPY}${round}`);
      assert.ok(writes > before + 3, `only ${writes - before} commits while the backup ran`);
      assert.deepEqual(await readCopy(io, `${COPY}${round}`), contentsOf(snapshot));
      snapshot.release();
    }
    writing = false;
    await writer;
  }, { logBytes: 256 * 1024, cacheBytes: 1 << 20 }));

test("backup: a stream and a file get the same contents, in chunks that nobody writes again", () =>
  withStore(async (db, io) => {
    await fill(db, 9000);
    const collected = collector();
    const copies: Uint8Array[] = [];
    const report = await db.backup(collected.stream, {
      onProgress: () => copies.push(collected.parts.at(-1)?.slice() ?? new Uint8Array(0)),
    });
    assert.equal(collected.closed, true);
    assert.ok(copies.length > 2);
    const whole = joined(collected.parts);
    assert.equal(whole.length, report.bytes);
    assert.equal(new Set(collected.parts.map((part) => part.buffer)).size, collected.parts.length);
    await writeFile(io, COPY, whole);
    assert.deepEqual(await readCopy(io, COPY), contentsOf(db));
  }));

test("backup: values of all sizes, many trees and the contents of streams survive", () =>
  withStore(async (db, io) => {
    const sizes = [0, 1, 900, 1100, 4096, 65_536, 65_537, 300_000, 2_000_000];
    await db.update((tx) => {
      sizes.forEach((size, n) => tx.open(numbers).put(n, filled(size, n)));
      for (let n = 0; n < 300; n++) {
        tx.open(index(`tree ${n}`, { key: codec.string, value: codec.u32 })).put(`key ${n}`, n);
      }
    });
    const streams = await EmbeddedStreamStore.open(db);
    await streams.create("/a", { contentType: "text/plain" });
    await streams.append("/a", [bytes("hello"), bytes("world")]);
    const read = async (store: EmbeddedStreamStore): Promise<unknown> => {
      const page = await store.read("/a", START);
      return page.outcome === "done" ? [page.messages, page.nextOffset, page.incarnation] : page;
    };
    const before = await read(streams);
    await db.backup(COPY);
    assert.deepEqual(await readCopy(io, COPY), contentsOf(db));
    const copy = await Database.open(COPY, { io });
    for (let n = 0; n < 300; n++) {
      const definition = index(`tree ${n}`, { key: codec.string, value: codec.u32 });
      assert.equal(copy.open(definition).get(`key ${n}`), n);
    }
    const again = await EmbeddedStreamStore.open(copy);
    assert.deepEqual(await read(again), before);
    await copy.close();
  }));

test("backup: it is compact, and a backup of a backup is as large", () =>
  withStore(async (db, io) => {
    await fill(db, 20_000);
    await db.update((tx) => {
      for (let n = 0; n < 20_000; n++) if (n % 8 !== 0) tx.open(numbers).remove(n);
    });
    const report = await db.backup(COPY);
    assert.ok(
      report.bytes < db.stats().fileBytes / 2,
      `${report.bytes} of ${db.stats().fileBytes}`,
    );
    const copy = await Database.open(COPY, { io });
    assert.ok((await copy.check()).leafFill > 0.9);
    assert.equal((await copy.backup("/again.hold")).bytes, report.bytes);
    await copy.close();
  }));

test("backup: log batches of the original are not valid in the copy", () =>
  withStore(async (db, io) => {
    await fill(db, 100);
    await db.backup(COPY);
    const identityOf = async (path: string): Promise<string> => {
      const file = await io.open(path, "read");
      const identity = new Uint8Array(16);
      file.readAt(identity, 32 + 20);
      file.close();
      return identity.join();
    };
    assert.notEqual(await identityOf(COPY), await identityOf(PATH));
  }));

test("backup: an existing target, its own path included, is refused and left alone", () =>
  withStore(async (db, io) => {
    await writeFile(io, COPY, bytes("precious"));
    for (const path of [COPY, PATH]) {
      await assert.rejects(
        db.backup(path),
        (error) => isHoldfastError(error) && error.code === "ALREADY_EXISTS",
      );
    }
    assert.equal((await io.stat(COPY))?.size, 8);
    assert.deepEqual((await io.list("/")).filter((name) => name.endsWith(".new")), []);
  }));

test("backup: an abort leaves nothing behind and the store goes on", () =>
  withStore(async (db, io) => {
    await fill(db, 20_000);
    const reason = new Error("enough");
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(reason);
    const before = await io.list("/");
    await assert.rejects(db.backup(COPY, { signal: stop.signal, onProgress }), reason);
    assert.deepEqual(await io.list("/"), before);
    await assert.rejects(db.backup(COPY, { signal: stop.signal }), reason);
    assert.deepEqual(await io.list("/"), before);
    await db.update((tx) => tx.open(numbers).put(1, bytes("on")));
    await db.backup(COPY);
  }));

test("backup: an abort ends one whose stream takes nothing", () =>
  withStore(async (db) => {
    await fill(db, 2000);
    const stop = new AbortController();
    let begun = (): void => {};
    const writing = new Promise<void>((resolve) => begun = resolve);
    const stream = new WritableStream<Uint8Array>({
      write: () => {
        begun();
        return new Promise(() => {});
      },
    });
    const backup = db.backup(stream, { signal: stop.signal });
    await writing;
    assert.equal(db.stats().pendingBytes, 0);
    stop.abort(new Error("enough"));
    await assert.rejects(backup, /enough/);
  }));

test("backup: a stream that fails rejects it with its reason and poisons nothing", () =>
  withStore(async (db, io) => {
    await fill(db, 20_000);
    const reason = new Error("pipe broke");
    let taken = 0;
    const failing = new WritableStream<Uint8Array>({
      write: () => {
        if (++taken === 3) throw reason;
      },
    });
    await assert.rejects(db.backup(failing), reason);
    const closing = new WritableStream<Uint8Array>({ close: () => Promise.reject(reason) });
    await assert.rejects(db.backup(closing), reason);
    const locked = new WritableStream<Uint8Array>();
    locked.getWriter();
    await assert.rejects(db.backup(locked), TypeError);
    await db.update((tx) => tx.open(numbers).put(1, bytes("on")));
    await db.checkpoint();
    await db.checkpoint();
    assert.equal(db.stats().pendingBytes, 0);
    await db.backup(COPY);
    assert.deepEqual(await readCopy(io, COPY), contentsOf(db));
  }));

test("backup: no more than a few chunks wait for a slow stream", () =>
  withStore(async (db) => {
    await fill(db, 20_000);
    let written = 0;
    let taken = 0;
    const slow = new WritableStream<Uint8Array>({
      write: async (part) => {
        for (let turn = 0; turn < 20; turn++) {
          await new Promise<void>((resolve) => db.io.nextTurn(resolve));
        }
        taken += part.length;
        assert.ok(written - taken <= 2 * 256 * 1024, `${written - taken} bytes wait`);
      },
    });
    await db.backup(slow, { onProgress: ({ bytes }) => written = bytes });
    assert.equal(written, taken);
  }));

test("backup: progress rises to the total", () =>
  withStore(async (db) => {
    await fill(db, 20_000);
    const seen: BackupProgress[] = [];
    const report = await db.backup(COPY, { onProgress: (progress) => seen.push(progress) });
    assert.ok(seen.length > 4);
    seen.forEach((progress, i) => {
      assert.equal(progress.totalBytes, report.bytes);
      assert.ok(progress.bytes > (seen[i - 1]?.bytes ?? 0));
    });
    assert.equal(seen.at(-1)?.bytes, report.bytes);
  }));

test("backup: bytesPerSecond holds by the clock of the adapter", async () => {
  let now = 0;
  const io: IoAdapter = { ...memoryIo(), monotonic: () => now += 40 };
  const db = await Database.open(PATH, { io });
  await fill(db, 5000);
  const start = now;
  const { bytes } = await db.backup(COPY, { bytesPerSecond: 500_000 });
  assert.ok(now - start >= bytes / 500, `${bytes} bytes took ${now - start} ms`);
  await assert.rejects(db.backup("/b.hold", { bytesPerSecond: 0 }), RangeError);
  await db.close();
});

test("backup: a damaged page or value fails it, and no file appears", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  await fill(db, 5000);
  await db.update((tx) => tx.open(numbers).put(9999, filled(100_000, 1)));
  await db.checkpoint();
  const file = await io.open(PATH, "write");
  const original = new Uint8Array(file.size());
  file.readAt(original, 0);
  const value = filled(100_000, 1);
  let run = 0;
  while (value.subarray(0, 64).some((byte, i) => original[run + i] !== byte)) run += 4096;
  const leaves: number[] = [];
  const words = new DataView(original.buffer);
  for (let at = 132 * 4096; at < original.length; at += 4096) {
    const isOwn = words.getUint32(at + 4, true) * 4096 === at;
    if (isOwn && original[at + 16] === 1 && original[at + 12]! >= 2) leaves.push(at);
  }
  const damages: [string, number[]][] = [
    ["CORRUPT_VALUE", [run + 70_000]],
    ["CORRUPT_PAGE", leaves.map((at) => at + 4090)],
  ];
  for (const [code, offsets] of damages) {
    for (const at of offsets) file.writeAt(new Uint8Array([original[at]! ^ 1]), at);
    await assert.rejects(
      db.backup(COPY),
      (error) => isHoldfastError(error) && error.code === code,
      code,
    );
    file.writeAt(original, 0);
  }
  assert.equal(await io.stat(COPY), undefined);
  await db.backup(COPY);
  await db.close();
});

test("backup: closing the database ends it with CLOSED", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  await fill(db, 5000);
  const before = await io.list("/");
  const file = db.backup(COPY);
  const stream = db.backup(new WritableStream({ write: () => new Promise(() => {}) }));
  const ends = [file, stream].map((backup) =>
    assert.rejects(backup, (error) => isHoldfastError(error) && error.code === "CLOSED")
  );
  const closing = db.close();
  await assert.rejects(db.backup("/late.hold"), { code: "CLOSED", message: /^Cannot back up/ });
  await closing;
  await Promise.all(ends);
  assert.deepEqual(await io.list("/"), before);
  await assert.rejects(
    db.backup(COPY),
    (error) => isHoldfastError(error) && error.code === "CLOSED",
  );
});

test("backup: a crash at any step leaves no target or a whole one", async () => {
  const disk = new SimulatedDisk({ seed: 3 });
  const db = await Database.open(PATH, { io: disk.io });
  await fill(db, 1500);
  await db.update((tx) => tx.open(numbers).put(9999, filled(100_000, 1)));
  const expected = contentsOf(db);
  await db.close();
  let whole = 0;
  let missing = 0;
  for (let operation = 0, done = false; !done; operation++) {
    const attempt = disk.processDeath();
    const running = await Database.open(PATH, { io: attempt.io });
    attempt.cutAt(attempt.operations + operation);
    done = await running.backup(COPY).then(() => true, () => false);
    await running.close().catch(() => {});
    for (const { disk: image } of attempt.images({ limit: 12, seed: operation })) {
      if (await image.io.stat(COPY) === undefined) {
        missing++;
        continue;
      }
      assert.deepEqual(await readCopy(image.io, COPY), expected);
      whole++;
    }
  }
  assert.ok(whole > 1 && missing > 10, `${whole} whole, ${missing} missing`);
});

test("backup: the bytes of a stream are a store on the disk of the runtime", () =>
  withFolder(async (folder) => {
    const db = await Database.open(join(folder, "a.hold"));
    await fill(db, 3000);
    const collected = collector();
    await db.backup(collected.stream);
    await db.backup(join(folder, "b.hold"));
    assert.equal(readFileSync(join(folder, "b.hold")).length, joined(collected.parts).length);
    const copy = await Database.open(join(folder, "b.hold"));
    await assertWhole(copy);
    assert.deepEqual(contentsOf(copy), contentsOf(db));
    await copy.close();
    await db.close();
  }));
