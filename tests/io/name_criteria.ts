import assert from "node:assert/strict";
import type { IoAdapter, IoLockMode, IoOpenMode } from "../../src/io/adapter.ts";
import type { Criterion } from "./contract.ts";
import { contentOf, pattern } from "./file_criteria.ts";

async function put(io: IoAdapter, path: string, bytes: Uint8Array): Promise<void> {
  const file = await io.open(path, "create");
  file.writeAt(bytes, 0);
  file.close();
}

async function get(io: IoAdapter, path: string): Promise<Uint8Array> {
  const file = await io.open(path, "read");
  const bytes = contentOf(file);
  file.close();
  return bytes;
}

/** The promises of the namespace, locks included. */
export const NAME_CRITERIA: Readonly<Record<string, Criterion>> = {
  "open: read and write want an existing file": async (io, folder) => {
    const missing = { code: "IO_NOT_FOUND", name: "IoError" };
    await assert.rejects(io.open(`${folder}/a`, "read"), missing);
    await assert.rejects(io.open(`${folder}/a`, "write"), missing);
    assert.deepEqual(await io.list(folder), [], "nothing was created");
  },

  "open create: makes a file once, then keeps its content": async (io, folder) => {
    await put(io, `${folder}/a`, pattern(100));
    const file = await io.open(`${folder}/a`, "create");
    assert.deepEqual(contentOf(file), pattern(100));
    file.close();
  },

  "open create-new: a second time is IO_EXISTS": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create-new");
    file.writeAt(pattern(10), 0);
    await assert.rejects(io.open(`${folder}/a`, "create-new"), {
      code: "IO_EXISTS",
      name: "IoError",
    });
    file.close();
    await assert.rejects(io.open(`${folder}/a`, "create-new"), { code: "IO_EXISTS" });
    assert.deepEqual(await get(io, `${folder}/a`), pattern(10));
  },

  "open: a missing folder is IO_NOT_FOUND": async (io, folder) => {
    const missing = { code: "IO_NOT_FOUND" };
    for (const mode of ["read", "write", "create", "create-new"] satisfies IoOpenMode[]) {
      await assert.rejects(io.open(`${folder}/none/a`, mode), missing, mode);
    }
    await assert.rejects(io.list(`${folder}/none`), missing);
    await assert.rejects(io.syncDirectory(`${folder}/none/a`), missing);
    await assert.rejects(io.tryLock(`${folder}/none/a`), missing);
  },

  "open: a folder is IO_ACCESS": async (io, folder) => {
    for (const mode of ["read", "write", "create"] satisfies IoOpenMode[]) {
      await assert.rejects(io.open(folder, mode), { code: "IO_ACCESS" }, mode);
    }
  },

  "open: an unknown mode is a TypeError": async (io, folder) => {
    await assert.rejects(io.open(`${folder}/a`, "append" as IoOpenMode), TypeError);
  },

  "paths: empty, with NUL or a lone surrogate, are TypeErrors": async (io, folder) => {
    for (const wrong of ["", `${folder}/a\0b`, `${folder}/a\ud800`]) {
      await assert.rejects(io.open(wrong, "create"), TypeError);
      await assert.rejects(io.stat(wrong), TypeError);
      await assert.rejects(io.list(wrong), TypeError);
      await assert.rejects(io.rename(wrong, `${folder}/b`), TypeError);
      await assert.rejects(io.rename(`${folder}/b`, wrong), TypeError);
      await assert.rejects(io.remove(wrong), TypeError);
      await assert.rejects(io.syncDirectory(wrong), TypeError);
      await assert.rejects(io.tryLock(wrong), TypeError);
    }
    assert.deepEqual(await io.list(folder), []);
  },

  "stat: size and links, undefined when there is no file": async (io, folder) => {
    assert.equal(await io.stat(`${folder}/a`), undefined);
    await put(io, `${folder}/a`, pattern(100));
    assert.deepEqual(await io.stat(`${folder}/a`), { size: 100, links: 1 });
  },

  "list: the names, sorted": async (io, folder) => {
    assert.deepEqual(await io.list(folder), []);
    for (const name of ["b", "a10", "a2", "B", ".c", "\u00e9"]) {
      await put(io, `${folder}/${name}`, pattern(1));
    }
    assert.deepEqual(await io.list(folder), [".c", "B", "a10", "a2", "b", "\u00e9"]);
  },

  "rename: replaces the target": async (io, folder) => {
    await put(io, `${folder}/new`, pattern(100, 1));
    await put(io, `${folder}/old`, pattern(50, 2));
    await io.rename(`${folder}/new`, `${folder}/old`);
    assert.deepEqual(await io.list(folder), ["old"]);
    assert.deepEqual(await get(io, `${folder}/old`), pattern(100, 1));
    await io.rename(`${folder}/old`, `${folder}/old`);
    assert.deepEqual(await get(io, `${folder}/old`), pattern(100, 1), "to its own name");
    await io.syncDirectory(`${folder}/old`);
  },

  "rename: open handles follow the file, the replaced one lives": async (io, folder) => {
    await put(io, `${folder}/new`, pattern(100, 1));
    await put(io, `${folder}/old`, pattern(50, 2));
    const file = await io.open(`${folder}/new`, "write");
    const replaced = await io.open(`${folder}/old`, "read");
    await io.rename(`${folder}/new`, `${folder}/old`);
    assert.deepEqual(await io.list(folder), ["old"]);
    assert.deepEqual(await get(io, `${folder}/old`), pattern(100, 1));
    file.writeAt(pattern(10, 3), 100);
    assert.equal((await io.stat(`${folder}/old`))?.size, 110);
    assert.deepEqual(contentOf(replaced), pattern(50, 2), "the replaced file lives while open");
    file.close();
    replaced.close();
    await io.syncDirectory(`${folder}/old`);
  },

  "rename: a missing source is IO_NOT_FOUND and leaves the target": async (io, folder) => {
    await put(io, `${folder}/b`, pattern(5));
    await assert.rejects(io.rename(`${folder}/a`, `${folder}/b`), { code: "IO_NOT_FOUND" });
    assert.deepEqual(await get(io, `${folder}/b`), pattern(5));
  },

  "remove: takes the name, a missing one is no error": async (io, folder) => {
    await put(io, `${folder}/a`, pattern(5));
    await io.remove(`${folder}/a`);
    await io.remove(`${folder}/a`);
    assert.equal(await io.stat(`${folder}/a`), undefined);
    assert.deepEqual(await io.list(folder), []);
    const fresh = await io.open(`${folder}/a`, "create-new");
    assert.equal(fresh.size(), 0);
    fresh.close();
    await io.syncDirectory(`${folder}/a`);
  },

  "remove: the removed file lives while open": async (io, folder) => {
    await put(io, `${folder}/a`, pattern(5));
    const file = await io.open(`${folder}/a`, "read");
    await io.remove(`${folder}/a`);
    assert.deepEqual(await io.list(folder), []);
    assert.deepEqual(contentOf(file), pattern(5));
    file.close();
  },

  "tryLock: exclusive, by path, until released": async (io, folder) => {
    const lock = await io.tryLock(`${folder}/a`);
    assert.ok(lock, "free, although there is no data file");
    assert.equal(await io.tryLock(`${folder}/a`), undefined);
    assert.equal(await io.tryLock(`${folder}/./a`), undefined, "another spelling");
    const other = await io.tryLock(`${folder}/b`);
    assert.ok(other, "another store");
    lock.release();
    const second = await io.tryLock(`${folder}/a`);
    assert.ok(second, "released");
    lock.release();
    assert.equal(await io.tryLock(`${folder}/a`), undefined, "a second release frees nothing");
    second.release();
    other.release();
  },

  "tryLock: shared by any number of readers, beside no owner": async (io, folder) => {
    const path = `${folder}/a`;
    await put(io, path, pattern(10));
    const readers = await Promise.all(Array.from({ length: 5 }, () => io.tryLock(path, "shared")));
    for (const reader of readers) {
      assert.equal(reader?.path, readers[0]?.path);
      assert.equal(await io.tryLock(path), undefined, "an owner beside readers");
      reader?.release();
      reader?.release();
    }
    const owner = await io.tryLock(path, "exclusive");
    assert.ok(owner, "the last reader has freed it, and each one only once");
    assert.equal(await io.tryLock(path, "shared"), undefined, "a reader beside an owner");
    owner.release();
    const again = await io.tryLock(path, "shared");
    assert.ok(again);
    const file = await io.open(path, "read");
    assert.deepEqual(contentOf(file), pattern(10));
    file.close();
    assert.equal(await io.tryLock(path), undefined, "closing the file frees nothing");
    again.release();
  },

  "tryLock: an unknown mode is a TypeError": async (io, folder) => {
    await assert.rejects(io.tryLock(`${folder}/a`, "both" as IoLockMode), TypeError);
  },

  "tryLock: of many at once exactly one wins": async (io, folder) => {
    const path = `${folder}/a`;
    const locks = await Promise.all(Array.from({ length: 8 }, () => io.tryLock(path)));
    const won = locks.filter((lock) => lock !== undefined);
    assert.equal(won.length, 1);
    for (const lock of won) lock.release();
  },

  "tryLock: lasts while the data file is made, replaced and removed": async (io, folder) => {
    const path = `${folder}/a`;
    const lock = await io.tryLock(path);
    assert.ok(lock);
    for (const seed of [1, 2]) {
      await put(io, `${path}.new`, pattern(10, seed));
      await io.rename(`${path}.new`, path);
      assert.equal(await io.tryLock(path), undefined, "created or replaced under the lock");
      assert.deepEqual(await get(io, path), pattern(10, seed));
    }
    await io.remove(path);
    await put(io, path, pattern(30));
    assert.equal(await io.tryLock(path), undefined, "removed and made anew");
    lock.release();
    const next = await io.tryLock(path);
    assert.ok(next, "with a data file");
    next.release();
  },

  "tryLock: lasts while open files are replaced and removed": async (io, folder) => {
    const path = `${folder}/a`;
    const lock = await io.tryLock(path);
    assert.ok(lock);
    const first = await io.open(`${path}.new`, "create-new");
    first.writeAt(pattern(10), 0);
    await io.rename(`${path}.new`, path);
    assert.equal(await io.tryLock(path), undefined, "created under the lock");
    const again = await io.open(path, "write");
    await put(io, `${path}.new`, pattern(20));
    await io.rename(`${path}.new`, path);
    assert.equal(await io.tryLock(path), undefined, "replaced under the lock");
    await io.remove(path);
    await put(io, path, pattern(30));
    assert.equal(await io.tryLock(path), undefined, "removed and made anew");
    first.close();
    again.close();
    assert.equal(await io.tryLock(path), undefined, "closed");
    lock.release();
    const next = await io.tryLock(path);
    assert.ok(next, "with a data file");
    next.release();
    assert.deepEqual(await get(io, path), pattern(30));
  },
};
