/** Repair where trees are lost in part: what is found beside them, and what must not come back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  codec,
  Database,
  index,
  type IoAdapter,
  IoError,
  isHoldfastError,
  repair,
} from "../../mod.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { slotsOf } from "../../src/kernel/inspect/inspect_page.ts";
import { StoreInspector } from "../../src/kernel/inspect/store_inspector.ts";
import { SalvageSource } from "../../src/kernel/repair/salvage_source.ts";
import type { Superblock } from "../../src/kernel/superblock.ts";
import { CATALOG_TREE } from "../../src/kernel/tree/state.ts";
import {
  contentsOf,
  DAMAGED,
  filled,
  inventedIn,
  makeStore,
  missingIn,
  numbers,
  PAGE,
  repairBytes,
  REPAIRED,
} from "./damaged_store.ts";
import { diskWith, readBytes } from "./file_bytes.ts";

/** The superblock of a store, and the pages below a page, or that page if it is a leaf. */
async function lookInto(bytes: Uint8Array): Promise<{
  readonly superblock: Superblock;
  readonly leavesOf: (root: number) => number[];
}> {
  const inspector = await StoreInspector.open(await diskWith(bytes, DAMAGED), DAMAGED);
  const leavesOf = (root: number): number[] =>
    [...slotsOf(inspector.page(root).arena)].flatMap(({ child }, slot) =>
      child !== undefined ? leavesOf(child) : slot === 0 ? [root] : []
    );
  return { superblock: inspector.superblock!, leavesOf };
}

/** The page on which the tree of a structure, or one of the kernel's own, begins. */
async function rootOf(bytes: Uint8Array, wanted: string | number): Promise<number> {
  const inspector = await StoreInspector.open(await diskWith(bytes, DAMAGED), DAMAGED);
  for (const tree of inspector.trees()) {
    if (!("root" in tree)) continue;
    if (tree.number === wanted || tree.structure?.name === wanted) return tree.root.page;
  }
  throw new RangeError(`There is no ${wanted}`);
}

/** The first page of the only value that has pages of its own. */
async function valueOf(bytes: Uint8Array): Promise<number> {
  const inspector = await StoreInspector.open(await diskWith(bytes, DAMAGED), DAMAGED);
  const { leavesOf } = await lookInto(bytes);
  for (const leaf of leavesOf(await rootOf(bytes, "a"))) {
    for (const { valuePage } of slotsOf(inspector.page(leaf).arena)) {
      if (valuePage !== undefined) return valuePage;
    }
  }
  throw new RangeError("There is no such value");
}

/** Bytes without some pages. */
function without(bytes: Uint8Array, ...pages: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  for (const page of pages) copy.fill(0, page * PAGE, (page + 1) * PAGE);
  return copy;
}

/** An adapter on which reads of the damaged file go through `read`. */
function reading(
  io: IoAdapter,
  read: (buffer: Uint8Array, offset: number, go: () => number) => number,
): IoAdapter {
  return {
    ...io,
    open: async (path, mode) => {
      const file = await io.open(path, mode);
      if (path !== DAMAGED) return file;
      const readAt = file.readAt.bind(file);
      file.readAt = (buffer, offset) => read(buffer, offset, () => readAt(buffer, offset));
      return file;
    },
  };
}

/** A tree of many leaves, some entries of which were removed. */
async function fillAndRemove(db: Database): Promise<void> {
  await db.update((tx) => {
    for (let n = 0; n < 500; n++) tx.open(numbers("a")).put(n, filled(70, n));
  });
  await db.checkpoint();
  await db.update((tx) => {
    for (let n = 0; n < 500; n += 5) tx.open(numbers("a")).remove(n);
  });
  await db.checkpoint();
}

test("repair: beside a lost leaf and bitmap, what was removed stays removed elsewhere", async () => {
  const { bytes, contents } = await makeStore(fillAndRemove, ["a"]);
  const { superblock: { bitmap }, leavesOf } = await lookInto(bytes);
  const leaves = leavesOf(await rootOf(bytes, "a"));
  assert.ok(leaves.length > 5);
  for (const leaf of leaves) {
    const { report, contents: found } = await repairBytes(without(bytes, bitmap.page, leaf), ["a"]);
    assert.equal(report.mayBeStale, true);
    const [{ lost }] = report.structures as [typeof report.structures[0]];
    const { from = new Uint8Array(4), to = new Uint8Array(4).fill(255) } = lost[0]!;
    const number = (key: Uint8Array): number =>
      new DataView(Uint8Array.of(...key, 0, 0, 0, 0).buffer).getUint32(0);
    for (const name of inventedIn(found, contents)) {
      const key = Number(/\d+/.exec(name)![0]);
      assert.ok(key >= number(from) && key < number(to), `${name} is not where something is lost`);
    }
  }
});

/** Time in which what was dropped is freed. */
async function turns(db: Database): Promise<void> {
  for (let n = 0; n < 50; n++) await new Promise<void>((resolve) => db.io.nextTurn(resolve));
}

test("regression: repair gives no name to a tree that was dropped and is not freed yet", async () => {
  const kept = numbers("kept");
  const { bytes } = await makeStore(async (db) => {
    await db.update((tx) => {
      tx.open(kept).put(1, filled(20, 1));
      for (let n = 0; n < 8000; n++) tx.open(numbers("dropped")).put(n, filled(70, n));
    });
    await db.checkpoint();
    await db.update((tx) => tx.drop(numbers("dropped")));
  }, []);
  const { superblock: { bitmap }, leavesOf } = await lookInto(bytes);
  const catalog = await rootOf(bytes, CATALOG_TREE);
  const dropped = leavesOf(await rootOf(bytes, 17));
  assert.ok(dropped.length > 20);
  // Of the catalog nothing, or what it was; and nothing but the number of what was dropped.
  for (const lost of [[catalog], [catalog, bitmap.page], [catalog, ...dropped]]) {
    const { report, io } = await repairBytes(without(bytes, ...lost), [], {
      structures: { "lost-16": kept, "lost-17": numbers("dropped") },
    });
    assert.deepEqual(report.structures.map(({ name }) => name), ["kept"]);
    const db = await Database.open(REPAIRED, { io, durability: "memory" });
    await db.update((tx) => {
      for (const name of ["dropped", "new"]) tx.open(numbers(name)).put(2, filled(20, 2));
    });
    await turns(db);
    for (const name of ["dropped", "new"]) {
      assert.deepEqual([...db.open(numbers(name)).keys()], [2], `what is put into ${name} stays`);
    }
    assert.equal(db.open(kept).count(), 1);
    await db.close();
  }
});

test("repair: without a bitmap and a part of the roots, a dropped structure does not come back", async () => {
  const dropped = numbers("dropped");
  const { bytes } = await makeStore(async (db) => {
    await db.update((tx) => tx.open(dropped).put(1, filled(20, 1)));
    await db.update((tx) => {
      for (let n = 0; n < 300; n++) tx.open(numbers(`s${n}`)).put(1, filled(20, n));
    });
    await db.checkpoint();
    await db.update((tx) => tx.drop(dropped));
    await turns(db);
    await db.checkpoint();
  }, []);
  const { superblock, leavesOf } = await lookInto(bytes);
  const lost = leavesOf(superblock.roots.page).at(-1)!;
  const { report } = await repairBytes(without(bytes, superblock.bitmap.page, lost), []);
  const names = report.structures.map(({ name }) => name).sort();
  assert.deepEqual(names, Array.from({ length: 300 }, (_, n) => `s${n}`).sort());
  assert.ok(report.structures.some(({ missing }) => missing === undefined), "some lost their root");
});

test("repair: a made-up name is none that is in use, nor is one that is given", async () => {
  const { bytes } = await makeStore(async (db) => {
    await db.update((tx) => tx.open(numbers("lost-17")).put(1, filled(10, 1)));
    await db.checkpoint();
    await db.update((tx) => tx.open(numbers("b")).put(2, filled(10, 2)));
    await db.checkpoint();
  }, []);
  const damaged = without(bytes, await rootOf(bytes, CATALOG_TREE));
  for (const structures of [{}, { "lost-17-": numbers("lost-17") }]) {
    const { report } = await repairBytes(damaged, [], { structures });
    assert.deepEqual(report.structures.map(({ name }) => name), ["lost-17", "lost-17-"]);
  }
  const { report } = await repairBytes(damaged, [], { structures: { "lost-17-": numbers("c") } });
  assert.deepEqual(report.structures.map(({ name }) => name), ["c", "lost-17"]);
});

test("repair: no name is taken from an older page where its definition lies elsewhere", async () => {
  const fields = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [`field ${n}`, codec.u8]),
  );
  const wide = index("wide", { key: codec.u32, value: codec.struct(fields) });
  const { bytes } = await makeStore(async (db) => {
    await db.update((tx) => {
      tx.open(wide).put(1, Object.fromEntries(Object.keys(fields).map((name) => [name, 1])));
      tx.open(numbers("a")).put(1, filled(10, 1));
    });
    await db.checkpoint();
    await db.update((tx) => tx.open(numbers("b")).put(2, filled(10, 2)));
    await db.checkpoint();
  }, []);
  const { report } = await repairBytes(without(bytes, await rootOf(bytes, CATALOG_TREE)), []);
  assert.deepEqual(report.structures.map(({ name }) => name), ["a", "lost-16", "lost-18"]);
});

test("repair: a leaf that decays after it was found costs its entries", async () => {
  const { bytes, contents } = await makeStore(
    (db) =>
      db.update((tx) => {
        for (let n = 0; n < 500; n++) tx.open(numbers("a")).put(n, filled(70, n));
      }),
    ["a"],
  );
  const { leavesOf } = await lookInto(bytes);
  const [leaf] = leavesOf(await rootOf(bytes, "a"));
  let reads = 0;
  const io = reading(
    await diskWith(without(bytes, 0, 1, 2), DAMAGED),
    (buffer, offset, go) => {
      const read = go();
      const at = leaf! * PAGE - offset;
      if (at >= 0 && at < read && reads++ > 0) buffer[at + 3900]! ^= 1;
      return read;
    },
  );
  const report = await repair(DAMAGED, REPAIRED, { io });
  assert.equal(reads, 2);
  assert.equal(report.mode, "scan");
  const db = await Database.open(REPAIRED, { io });
  const found = contentsOf(db, ["a"]);
  assert.deepEqual(inventedIn(found, contents), []);
  assert.ok(missingIn(found, contents).get("a")! > 10);
  await db.close();
});

test("repair: what a medium gives only page by page is read so, up to its end", async () => {
  const { bytes } = await makeStore(async (db) => {
    await fillAndRemove(db);
    await db.update((tx) => tx.open(numbers("a")).put(1000, filled(300_000, 1)));
  }, []);
  // Inside the large value, among others.
  for (const end of [bytes.length, (await valueOf(bytes) + 10) * PAGE + 9, 2 * PAGE + 50]) {
    const outcome = async (wrap: (io: IoAdapter) => IoAdapter): Promise<unknown> => {
      const io = wrap(await diskWith(bytes.slice(0, end), DAMAGED));
      return await repair(DAMAGED, REPAIRED, { io }).catch(({ code }) => code);
    };
    let pieces = 0;
    const reluctant = (io: IoAdapter): IoAdapter =>
      reading(io, (buffer, _offset, go) => {
        if (pieces-- > 0) return go();
        pieces = Math.ceil(buffer.length / PAGE);
        throw new IoError("IO_FAILED", "one page at a time, please");
      });
    assert.deepEqual(await outcome(reluctant), await outcome((io) => io), `${end} bytes`);
  }
});

test("repair: a call that fails leaves nothing behind, and nothing that is in use", async () => {
  const { bytes } = await makeStore(async (db) => {
    await db.update((tx) => tx.open(numbers("a")).put(1, filled(20_000, 1)));
  }, []);
  let injected = 0;
  for (const operation of ["open", "write", "sync", "rename", "syncDirectory", "read"] as const) {
    for (let at = 0;; at++) {
      const disk = new SimulatedDisk();
      const file = await disk.io.open(DAMAGED, "create");
      file.writeAt(bytes, 0);
      file.close();
      disk.fail({ operation, at });
      const open = new Set<unknown>();
      const openFile = disk.io.open.bind(disk.io);
      disk.io.open = async (path, mode) => {
        const opened = await openFile(path, mode);
        const close = opened.close.bind(opened);
        opened.close = () => {
          open.delete(opened);
          close();
        };
        open.add(opened);
        return opened;
      };
      const code = await repair(DAMAGED, REPAIRED, { io: disk.io }).then(
        () => undefined,
        (error: unknown) => isHoldfastError(error) ? error.code : String(error),
      );
      if (disk.injected === 0) break;
      injected++;
      disk.heal();
      const names = (await disk.io.list("/")).filter((name) => !name.endsWith(".lock"));
      const where = `${operation} ${at}: ${code}`;
      assert.equal(open.size, 0, where);
      if (code === undefined) {
        assert.ok(operation === "read", where);
        assert.deepEqual(names.sort(), ["damaged.hold", "repaired.hold"], where);
      } else {
        assert.match(code, /^(IO_FAILED|POISONED)$/, where);
        if (names.length === 1) await repair(DAMAGED, REPAIRED, { io: disk.io });
        else assert.equal(operation, "syncDirectory", where);
      }
    }
  }
  assert.ok(injected > 30);
});

test("repair: leaves that fill half of the cache, a thousand of them lost", async () => {
  const entries = 18_000;
  const { bytes, contents } = await makeStore(async (db) => {
    for (let from = 0; from < entries; from += 3000) {
      await db.update((tx) => {
        for (let n = from; n < from + 3000; n++) tx.open(numbers("a")).put(n, filled(980, n));
      });
    }
  }, ["a"]);
  const found = await repairBytes(without(bytes, 0, 1, 2), ["a"]);
  assert.equal(found.report.scannedEntries, entries);
  assert.equal(missingIn(found.contents, contents).size, 0);
  const { leavesOf } = await lookInto(bytes);
  const leaves = leavesOf(await rootOf(bytes, "a"));
  // Every other one, so that each is a range of its own.
  const lost = leaves.filter((_, n) => n % 2 === 0).slice(0, 1100);
  const { report } = await repairBytes(without(bytes, ...lost), []);
  assert.equal(report.problems.length, 1000, "that is enough to say");
  assert.equal(report.structures[0]!.missing, entries - report.entries);
  assert.equal(report.structures[0]!.lost.length, 1000);
});

test("repair: the file that it repairs is not written to by any way", async () => {
  const io = memoryIo();
  const file = await io.open(DAMAGED, "create");
  file.writeAt(new Uint8Array(PAGE), 0);
  const source = new SalvageSource(file, new Checksum(io.crc32));
  for (const write of ["writeAt", "truncate", "sync"] as const) {
    assert.throws(() => source[write](), { code: "INVARIANT" });
  }
  await assert.rejects(source.syncAsync(), { code: "INVARIANT" });
  source.close();
  assert.deepEqual(await readBytes(io, DAMAGED), new Uint8Array(PAGE));
});
