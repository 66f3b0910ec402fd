import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Database, type HoldfastError, IoError, isHoldfastError, repair } from "../../mod.ts";
import { crc32 } from "../../src/base/checksum.ts";
import { Prng } from "../../src/base/prng.ts";
import { withFolder } from "./checked.ts";
import {
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
import { readBytes } from "./file_bytes.ts";

const NAMES = ["a", "b", "c"];

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => isHoldfastError(error) && error.code === code;
}

/** Three trees, one with branches, some large values, changed over several checkpoints. */
async function fillSmall(db: Database): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await db.update((tx) => {
      // Changes the catalog, so that older pages of it are left behind.
      tx.open(numbers(`z${round}`));
      for (let n = 0; n < 500; n++) tx.open(numbers("a")).put(n, filled(70 - round, n));
      for (let n = 0; n < 40; n++) tx.open(numbers("b")).put(n * 3, filled(20, n + round));
      for (let n = 0; n < 3; n++) tx.open(numbers("c")).put(n, filled(9000 + n, n + round));
      for (let n = round * 20; n < round * 20 + 10; n++) tx.open(numbers("a")).remove(n + 100);
    });
    await db.update((tx) => tx.open(numbers("c")).put(9, filled(70_000, round)));
    await db.checkpoint();
  }
}

function destroyed(bytes: Uint8Array, page: number, random?: Prng): Uint8Array {
  const copy = bytes.slice();
  const at = page * PAGE;
  for (let i = at; i < at + PAGE; i++) copy[i] = random === undefined ? 0 : random.below(256);
  return copy;
}

test("repair: a healthy store comes out as it is", async () => {
  const { bytes, contents } = await makeStore(fillSmall, NAMES);
  const { report, contents: found } = await repairBytes(bytes, NAMES);
  assert.deepEqual(found, contents);
  assert.deepEqual(report.problems, []);
  assert.equal(report.mode, "tree");
  assert.equal(report.mayBeStale, false);
  assert.deepEqual(
    report.structures.map(({ name, kind, missing, lost }) => ({ name, kind, missing, lost })),
    [...NAMES, "z0", "z1", "z2"].map((name) => ({
      name,
      kind: "index",
      missing: 0,
      lost: [],
    })),
  );
});

test("repair: the log of a store that was not closed is replayed", async () => {
  const { bytes, contents } = await makeStore(
    async (db) => {
      await fillSmall(db);
      await db.update((tx) => {
        tx.open(numbers("a")).put(7, filled(5, 5));
        tx.open(numbers("a")).remove(8);
        tx.open(numbers("c")).put(10, filled(100_000, 5));
        tx.open(numbers("new")).put(1, filled(3, 3));
      });
    },
    [...NAMES, "new"],
    { crash: true },
  );
  const { report, contents: found } = await repairBytes(bytes, [...NAMES, "new"]);
  assert.deepEqual(found, contents);
  assert.deepEqual(report.problems, []);
  assert.equal(report.replayedCommits, 1);
});

test("repair: each page destroyed in turn costs no more than that page, and invents nothing", async () => {
  const { bytes, contents } = await makeStore(fillSmall, NAMES);
  const words = new DataView(bytes.buffer);
  const random = new Prng(1);
  const kinds = new Map<string, number>();
  for (let page = 0; page < bytes.length / PAGE; page++) {
    // All extents of the log read alike.
    if (page > 4 && page < 128) continue;
    const { report, contents: found } = await repairBytes(
      destroyed(bytes, page, page % 2 === 0 ? random : undefined),
      NAMES,
    );
    const tree = words.getUint32(page * PAGE + 12, true);
    const isTree = words.getUint32(page * PAGE + 4, true) === page && page > 1 && tree < 30;
    const isLeaf = isTree && bytes[page * PAGE + 16] === 1;
    const kind = `${isTree ? `${isLeaf ? "leaf" : "branch"} of ${tree}` : "other"}`;
    const missing = missingIn(found, contents);
    const lost = [...missing.values()].reduce((sum, count) => sum + count, 0);
    assert.deepEqual(inventedIn(found, contents), [], `page ${page}, ${kind}`);
    kinds.set(kind, Math.max(kinds.get(kind) ?? 0, lost));
    assert.equal(report.mode, kind === "leaf of 1" && report.problems.length > 0 ? "scan" : "tree");
    assert.equal(report.mayBeStale, false, `page ${page}, ${kind}`);
    for (const { name, missing: reported } of report.structures) {
      if (reported !== undefined) assert.equal(reported, missing.get(name) ?? 0, `page ${page}`);
    }
    if (lost === 0) continue;
    const size = words.getUint16(page * PAGE + 18, true);
    assert.ok(isLeaf ? lost === size && missing.size === 1 : lost === 1, `page ${page}, ${kind}`);
    assert.ok(report.problems.length > 0);
  }
  assert.equal(kinds.get("branch of 17"), 0, "leaves of a lost branch are found");
  assert.equal(kinds.get("leaf of 1"), 0, "trees without roots are found");
  assert.equal(kinds.get("leaf of 0"), 0, "names are found in older pages");
  assert.ok(kinds.get("leaf of 17")! > 10);
  assert.equal(kinds.get("other"), 1);
});

test("repair: without superblocks the pages are found by their headers", async () => {
  const { bytes, contents } = await makeStore(fillSmall, NAMES);
  const damaged = destroyed(destroyed(destroyed(bytes, 0), 1), 2);
  const { report, contents: found } = await repairBytes(damaged, NAMES);
  assert.equal(report.mode, "scan");
  assert.equal(report.mayBeStale, true);
  assert.equal(missingIn(found, contents).size, 0);
  // Only keys that were removed may be back.
  for (const name of inventedIn(found, contents)) assert.match(name, /^a\/1[0-9][0-9]: /);
  assert.equal(report.entries, report.scannedEntries);
  await assert.rejects(Database.open(DAMAGED, { io: memoryIo(), create: false }));
});

test("repair: two superblocks will do, whichever they are", async () => {
  for (const crash of [false, true]) {
    const { bytes, contents } = await makeStore(fillSmall, NAMES, { crash });
    for (const slot of [0, 1, 2]) {
      const { report, contents: found } = await repairBytes(destroyed(bytes, slot), NAMES);
      assert.equal(report.mode, "tree");
      assert.deepEqual(missingIn(found, contents), new Map());
      assert.deepEqual(inventedIn(found, contents), []);
    }
  }
});

test("repair: a tree whose name is lost gets one, and a second run is told what it is", async () => {
  const { bytes, contents } = await makeStore(
    (db) => db.update((tx) => tx.open(numbers("a")).put(1, filled(10, 1))),
    ["a"],
  );
  const damaged = bytes.slice();
  const words = new DataView(bytes.buffer);
  for (let page = 3; page < bytes.length / PAGE; page++) {
    const isOwn = words.getUint32(page * PAGE + 4, true) === page;
    if (!isOwn || words.getUint32(page * PAGE + 12, true) !== 0) continue;
    damaged.set(destroyed(bytes, page).subarray(page * PAGE, (page + 1) * PAGE), page * PAGE);
  }
  const { report } = await repairBytes(damaged, []);
  const [lost] = report.structures;
  assert.deepEqual({ ...lost, lost: [] }, {
    name: "lost-16",
    kind: "lost",
    format: "",
    entries: 1,
    missing: 0,
    lost: [],
  });
  const structures = { "lost-16": numbers("a") };
  const { contents: found } = await repairBytes(damaged, ["a"], { structures });
  assert.deepEqual(found, contents);
});

test("repair: a lost key range is reported with its ends", async () => {
  const { bytes, contents } = await makeStore(fillSmall, NAMES);
  const words = new DataView(bytes.buffer);
  let tried = 0;
  for (let page = 128; page < bytes.length / PAGE; page++) {
    if (words.getUint32(page * PAGE + 4, true) !== page) continue;
    if (bytes[page * PAGE + 16] !== 1 || words.getUint32(page * PAGE + 12, true) !== 17) continue;
    const { report, contents: found } = await repairBytes(destroyed(bytes, page), NAMES);
    const [a] = report.structures;
    if (a!.lost.length === 0) continue;
    const { from = new Uint8Array(4), to } = a!.lost[0]!;
    const number = (key: Uint8Array): number =>
      new DataView(Uint8Array.of(...key, 0, 0, 0, 0).buffer).getUint32(0);
    for (const key of contents.get("a")!.keys()) {
      const isLost = key >= number(from) && (to === undefined || key < number(to));
      assert.equal(found.get("a")!.has(key), !isLost, `key ${key}`);
    }
    tried++;
  }
  assert.ok(tried > 3);
});

test("repair: a file cut anywhere gives what is before the cut", async () => {
  const { bytes, contents } = await makeStore(fillSmall, NAMES);
  let most = 0;
  for (let end = bytes.length - 1; end > 0; end -= Math.floor(bytes.length / 40)) {
    const damaged = bytes.slice(0, end);
    const result = await repairBytes(damaged, NAMES).catch((error: HoldfastError) => error);
    if (result instanceof Error) {
      assert.equal(result.code, "NOT_OUR_FILE");
      continue;
    }
    // Without the pages that replaced them, old ones are all there is.
    const invented = inventedIn(result.contents, contents);
    if (!result.report.mayBeStale) assert.deepEqual(invented, [], `cut at ${end}`);
    most = Math.max(most, result.report.entries);
    assert.ok(result.report.problems.length > 0);
  }
  assert.ok(most > 100);
});

test("repair: random damage never hangs, throws or invents", async () => {
  const { bytes, contents } = await makeStore(fillSmall, NAMES, { crash: true });
  const random = new Prng(11);
  for (let round = 0; round < 60; round++) {
    const damaged = bytes.slice();
    const flips = 1 + random.below(30);
    for (let i = 0; i < flips; i++) {
      const wide = random.below(bytes.length);
      const at = i % 2 === 0 ? wide : 129 * PAGE + random.below(bytes.length - 129 * PAGE);
      damaged[at] = damaged[at]! ^ 1 << random.below(8);
    }
    const { report, contents: found } = await repairBytes(damaged, NAMES);
    if (!report.mayBeStale) assert.deepEqual(inventedIn(found, contents), [], `round ${round}`);
  }
});

test("repair: pages with right checksums and wrong contents end it no later", async () => {
  const { bytes } = await makeStore(fillSmall, NAMES);
  const random = new Prng(23);
  const words = new DataView(bytes.buffer);
  const pages: number[] = [];
  for (let page = 3; page < bytes.length / PAGE; page++) {
    if (words.getUint32(page * PAGE + 4, true) === page) pages.push(page);
  }
  for (let round = 0; round < 60; round++) {
    const damaged = bytes.slice();
    for (let change = 0; change < 12; change++) {
      const page = pages[random.below(pages.length)]!;
      const view = new DataView(damaged.buffer, page * PAGE, PAGE);
      const at = random.below(3) === 0 ? 8 + random.below(24) : random.below(PAGE - 8) + 4;
      view.setUint8(at, random.below(256));
      if (random.below(4) === 0) {
        view.setUint32(random.below(1000) * 4 + 32, random.below(200), true);
      }
      view.setUint32(0, crc32(damaged, page * PAGE + 4, (page + 1) * PAGE), true);
    }
    if (round % 2 === 0) damaged.fill(0, 0, 3 * PAGE);
    const { report } = await repairBytes(damaged, []);
    assert.ok(report.bytes < bytes.length * 6, `${report.bytes} bytes`);
  }
});

test("repair: the medium's errors cost what they cover", async () => {
  const { bytes, contents } = await makeStore(fillSmall, NAMES);
  const io = memoryIo();
  const file = await io.open(DAMAGED, "create");
  file.writeAt(bytes, 0);
  file.close();
  const bad = (bytes.length / PAGE - 20) * PAGE;
  const failing = {
    ...io,
    open: async (path: string, mode: Parameters<typeof io.open>[1]) => {
      const opened = await io.open(path, mode);
      if (path !== DAMAGED) return opened;
      const readAt = opened.readAt.bind(opened);
      opened.readAt = (buffer, offset) => {
        if (offset < bad + PAGE && offset + buffer.length > bad) {
          throw new IoError("IO_FAILED", "bad sector");
        }
        return readAt(buffer, offset);
      };
      return opened;
    },
  };
  const report = await repair(DAMAGED, REPAIRED, { io: failing });
  assert.ok(report.entries > [...contents.values()].reduce((sum, { size }) => sum + size, 0) - 60);
});

test("repair: what is not ours, missing, in the way or in use is refused", async () => {
  const io = memoryIo();
  const write = async (path: string, bytes: Uint8Array): Promise<void> => {
    const file = await io.open(path, "create");
    file.writeAt(bytes, 0);
    file.close();
  };
  await write("/text", new TextEncoder().encode("some text ".repeat(5000)));
  await write("/empty", new Uint8Array(0));
  await assert.rejects(repair("/text", REPAIRED, { io }), hasCode("NOT_OUR_FILE"));
  await assert.rejects(repair("/empty", REPAIRED, { io }), hasCode("NOT_OUR_FILE"));
  await assert.rejects(repair("/missing", REPAIRED, { io }), hasCode("NOT_FOUND"));
  const db = await Database.open(DAMAGED, { io });
  await assert.rejects(repair(DAMAGED, REPAIRED, { io }), hasCode("LOCKED"));
  await db.close();
  await assert.rejects(repair(DAMAGED, "/text", { io }), hasCode("ALREADY_EXISTS"));
  await assert.rejects(repair(DAMAGED, DAMAGED, { io }), hasCode("ALREADY_EXISTS"));
  assert.equal(await io.stat(REPAIRED), undefined);
  const bytes = await readBytes(io, DAMAGED);
  for (const slot of [0, 1, 2]) {
    const view = new DataView(bytes.buffer, slot * PAGE, PAGE);
    view.setUint16(32, 99, true);
    const end = slot * PAGE + 32 + view.getUint32(20, true);
    view.setUint32(16, crc32(bytes, slot * PAGE + 20, end), true);
  }
  await write(DAMAGED, bytes);
  await assert.rejects(repair(DAMAGED, REPAIRED, { io }), hasCode("FORMAT_NEWER"));
});

test("repair: an abort leaves nothing behind; progress rises", async () => {
  const { bytes } = await makeStore(async (db) => {
    for (let from = 0; from < 20_000; from += 1000) {
      await db.update((tx) => {
        for (let n = from; n < from + 1000; n++) tx.open(numbers("a")).put(n, filled(100, n));
      });
    }
  }, []);
  const io = memoryIo();
  const file = await io.open(DAMAGED, "create");
  file.writeAt(bytes, 0);
  file.close();
  const stop = new AbortController();
  const seen: number[] = [];
  const onProgress = (progress: { bytes: number }): void => {
    seen.push(progress.bytes);
    if (seen.length === 2) stop.abort(new Error("enough"));
  };
  await assert.rejects(
    repair(DAMAGED, REPAIRED, { io, signal: stop.signal, onProgress }),
    /enough/,
  );
  assert.ok(seen[1]! > seen[0]!);
  assert.deepEqual((await io.list("/")).filter((name) => !name.endsWith(".lock")), [
    "damaged.hold",
  ]);
});

test("repair: works on the disk of the runtime", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.hold`;
    const db = await Database.open(path);
    await fillSmall(db);
    await db.close();
    const report = await repair(path, `${folder}/b.hold`);
    assert.deepEqual(report.problems, []);
    const copy = await Database.open(`${folder}/b.hold`);
    assert.equal(copy.open(numbers("b")).count(), 40);
    await copy.close();
  }));
