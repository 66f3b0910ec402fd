import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Database, index, IoError } from "../../mod.ts";
import type { IoAdapter, IoFile, IoLock, IoOpenMode } from "../../mod.ts";
import { assertWhole } from "./checked.ts";

const table = index("table", { key: codec.u32, value: codec.bytes });

/** A storage as somebody else writes one: on the public types, with nothing of ours but the error. */
class ArrayStorage {
  readonly contents = new Map<string, Uint8Array>();
  readonly calls = new Set<string>();
  readonly #locks = new Set<string>();

  file(path: string): IoFile {
    const get = (): Uint8Array => this.contents.get(path)!;
    return {
      readAt: (buffer, offset) => {
        this.calls.add("readAt");
        const part = get().subarray(offset, offset + buffer.length);
        buffer.set(part);
        return part.length;
      },
      writeAt: (buffer, offset) => {
        this.calls.add("writeAt");
        const size = Math.max(get().length, offset + buffer.length);
        const next = size === get().length ? get() : this.#sized(path, size);
        next.set(buffer, offset);
      },
      truncate: (size) => void this.#sized(path, size),
      size: () => get().length,
      sync: () => void this.calls.add("sync"),
      syncAsync: () => Promise.resolve(),
      close: () => void this.calls.add("close"),
    };
  }

  #sized(path: string, size: number): Uint8Array {
    const next = new Uint8Array(size);
    next.set(this.contents.get(path)!.subarray(0, size));
    this.contents.set(path, next);
    return next;
  }

  get io(): IoAdapter {
    const { contents } = this;
    return {
      name: "array",
      capabilities: {
        durable: false,
        directorySync: false,
        atomicReplace: true,
        asyncSync: false,
        lock: "process",
      },
      open: (path: string, mode: IoOpenMode) => {
        const isThere = contents.has(path);
        if (mode === "create-new" && isThere) {
          return Promise.reject(new IoError("ALREADY_EXISTS", "it is there"));
        }
        if (!isThere && (mode === "read" || mode === "write")) {
          return Promise.reject(new IoError("IO_NOT_FOUND", "it is not there"));
        }
        if (!isThere) contents.set(path, new Uint8Array(0));
        return Promise.resolve(this.file(path));
      },
      stat: (path) =>
        Promise.resolve(
          contents.has(path) ? { size: contents.get(path)!.length, links: 1 } : undefined,
        ),
      list: () => Promise.resolve([...contents.keys()]),
      rename: (from, to) => {
        contents.set(to, contents.get(from)!);
        contents.delete(from);
        return Promise.resolve();
      },
      remove: (path) => Promise.resolve(void contents.delete(path)),
      syncDirectory: () => Promise.resolve(),
      tryLock: (path): Promise<IoLock | undefined> => {
        if (this.#locks.has(path)) return Promise.resolve(undefined);
        this.#locks.add(path);
        return Promise.resolve({ path, release: () => void this.#locks.delete(path) });
      },
      now: () => Date.now(),
      monotonic: () => performance.now(),
      random: (bytes) => bytes.set(crypto.getRandomValues(new Uint8Array(bytes.length))),
      nextTurn: (callback) => void setTimeout(callback, 0),
    };
  }
}

test("Database.open works on a storage of one's own: read, write, sync, truncate, close", async () => {
  const storage = new ArrayStorage();
  const { io } = storage;
  const db = await Database.open("own", { io, create: "new" });
  await assert.rejects(Database.open("own", { io }), { code: "LOCKED" });
  await db.update((tx) => {
    for (let n = 0; n < 500; n++) tx.open(table).put(n, new Uint8Array(n * 5).fill(n));
  });
  await db.update((tx) => tx.open(table).deleteRange({ lt: 450 }));
  const { bytesBefore, bytesAfter } = await db.compact();
  assert.ok(bytesAfter < bytesBefore);
  assert.equal(storage.contents.get("own")!.length, bytesAfter);
  await assertWhole(db);
  await db.close();
  assert.deepEqual([...storage.calls].sort(), ["close", "readAt", "sync", "writeAt"]);
  const again = await Database.open("own", { io, create: false });
  assert.deepEqual(again.open(table).get(499), new Uint8Array(499 * 5).fill(499));
  assert.equal(again.open(table).count(), 50);
  await again.close();
  await assert.rejects(Database.open("own", { io, create: "new" }), { code: "ALREADY_EXISTS" });
});
