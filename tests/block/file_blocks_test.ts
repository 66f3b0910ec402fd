/** The files of block storage: names, locks, what is found on opening, power cuts, damage. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  type BlockAllocator,
  type Blocks,
  fileBlocks,
  type IoAdapter,
  isHoldfastError,
} from "../../mod.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { createHead } from "../../src/block/sequence_head.ts";
import { readBytes } from "../kernel/file_bytes.ts";

const FOLDER = "/blocks";
const SHAPE = { blockBytes: 4096, blockCount: 2 };
const HEAD = `${FOLDER}/log.head`;
const RUN_BYTES = 8192;
const fileOf = (id: number): string => `${FOLDER}/log-${String(id).padStart(16, "0")}.blocks`;

const open = (io: IoAdapter, name = "log"): Promise<BlockAllocator> =>
  fileBlocks(io, FOLDER, { name, ...SHAPE });

async function ids(allocator: BlockAllocator): Promise<number[]> {
  return (await allocator.list()).map(({ id }) => id);
}

/** A closed sequence with the runs 2 to 4, each filled with its id. */
async function build(io: IoAdapter): Promise<void> {
  const allocator = await open(io);
  for (let id = 1; id <= 4; id++) {
    const run = await allocator.allocate();
    run.writeAt(new Uint8Array(RUN_BYTES).fill(id), 0);
    run.sync();
  }
  await allocator.release((await allocator.list())[0]!);
  await allocator.close();
}

async function writeFile(io: IoAdapter, path: string, bytes: Uint8Array): Promise<void> {
  await io.remove(path);
  const file = await io.open(path, "create");
  file.writeAt(bytes, 0);
  file.close();
}

/** The code of the error that opening meets, or the ids; then nothing may be open or locked. */
async function outcome(io: IoAdapter, name = "log"): Promise<string> {
  try {
    const allocator = await fileBlocks(io, FOLDER, { name });
    const found = (await ids(allocator)).join();
    await allocator.close();
    return found;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    (await io.tryLock(`${FOLDER}/${name}.head`))!.release();
    return error.code;
  }
}

async function copyDisk(io: IoAdapter): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of await io.list(FOLDER)) {
    files.set(`${FOLDER}/${name}`, await readBytes(io, `${FOLDER}/${name}`));
  }
  return files;
}

test("fileBlocks: a name is refused before it reaches the disk", async () => {
  const io = memoryIo();
  for (const name of ["", "../x", "a/b", "A", "a.b", "x".repeat(65), "\u00e4", "a b", "."]) {
    await assert.rejects(fileBlocks(io, FOLDER, { name }), RangeError, name);
  }
  assert.deepEqual(await io.list(FOLDER), []);
});

test("fileBlocks: sequences of one folder do not meet, whatever they are called", async () => {
  const io = memoryIo();
  const names = ["log", "log-0000000000000001", "log-1", "log-0000000000000001-0000000000000001"];
  const open_ = await Promise.all(names.map((name) => open(io, name)));
  for (const [at, allocator] of open_.entries()) {
    for (let count = 0; count <= at; count++) {
      (await allocator.allocate()).writeAt(new Uint8Array([at]), 0);
    }
  }
  for (const allocator of open_) await allocator.close();
  for (const [at, name] of names.entries()) {
    const allocator = await open(io, name);
    const runs = await allocator.list();
    assert.equal(runs.length, at + 1);
    const byte = new Uint8Array(1);
    for (const run of runs) assert.equal(run.readAt(byte, 0) && byte[0], at);
    await allocator.close();
  }
});

test("fileBlocks: a second opener is LOCKED at once, until close", async () => {
  const io = memoryIo();
  const allocator = await open(io);
  await assert.rejects(open(io), { code: "LOCKED" });
  const other = await open(io, "other");
  await allocator.close();
  const again = await open(io);
  await again.close();
  await other.close();
});

test("regression 1d.9: blocks of another size are TYPE_MISMATCH, never garbage", async () => {
  const io = memoryIo();
  await build(io);
  const before = await copyDisk(io);
  for (const blockBytes of [8192, 65536]) {
    await assert.rejects(fileBlocks(io, FOLDER, { name: "log", blockBytes }), {
      code: "TYPE_MISMATCH",
    });
  }
  assert.deepEqual(await copyDisk(io), before, "nothing was changed");
  const allocator = await fileBlocks(io, FOLDER, { name: "log" });
  const run = await allocator.allocate();
  assert.deepEqual([run.blockBytes, run.blockCount], [4096, 2], "its own size where none is asked");
  await allocator.close();
});

test("fileBlocks: every outcome of opening is the one of the table", async () => {
  const lost = async (path: string): Promise<string> => {
    const io = memoryIo();
    await build(io);
    await io.remove(path);
    return await outcome(io);
  };
  assert.equal(await lost(HEAD), "CORRUPT_BLOCKS", "no head, but files");
  assert.equal(await lost(fileOf(2)), "CORRUPT_BLOCKS", "a gap at the left");
  assert.equal(await lost(fileOf(3)), "CORRUPT_BLOCKS", "a gap within");
  assert.equal(await lost(fileOf(4)), "CORRUPT_BLOCKS", "a gap at the right");
  assert.equal(await lost(`${FOLDER}/none`), "2,3,4");

  const changed = async (path: string, change: (bytes: Uint8Array) => Uint8Array) => {
    const io = memoryIo();
    await build(io);
    await writeFile(io, path, change(await readBytes(io, path)));
    return await outcome(io);
  };
  assert.equal(await changed(HEAD, (bytes) => bytes.fill(7)), "NOT_OUR_FILE");
  assert.equal(await changed(HEAD, () => new Uint8Array(0)), "NOT_OUR_FILE");
  assert.equal(await changed(HEAD, (bytes) => bytes.fill(0, 40)), "CORRUPT_BLOCKS");
  assert.equal(await changed(fileOf(3), (bytes) => bytes.fill(7)), "NOT_OUR_FILE");
  assert.equal(await changed(fileOf(4), () => new Uint8Array(0)), "CORRUPT_BLOCKS", "empty");
  assert.equal(await changed(fileOf(3), (bytes) => bytes.slice(0, -1)), "CORRUPT_BLOCKS", "short");
  const longer = (bytes: Uint8Array) => Uint8Array.from([...bytes, 0]);
  assert.equal(await changed(fileOf(3), longer), "CORRUPT_BLOCKS", "long");
  const cut = (bytes: Uint8Array) => bytes.slice(0, 8192);
  assert.equal(await changed(fileOf(4), cut), "CORRUPT_BLOCKS", "half created by other means");
  const unheaded = (bytes: Uint8Array) => bytes.fill(1, 20, 40).fill(1, 4116, 4136);
  assert.equal(await changed(fileOf(4), unheaded), "CORRUPT_BLOCKS", "both headers");

  const copied = async (from: string, to: string) => {
    const io = memoryIo();
    await build(io);
    await writeFile(io, to, await readBytes(io, from));
    return await outcome(io);
  };
  assert.equal(await copied(fileOf(4), fileOf(5)), "CORRUPT_BLOCKS", "one run under two ids");
  assert.equal(await copied(fileOf(4), fileOf(3)), "CORRUPT_BLOCKS", "one in the place of another");
  assert.equal(await copied(fileOf(4), fileOf(6)), "CORRUPT_BLOCKS", "far behind the last");
  assert.equal(await copied(fileOf(4), fileOf(2 ** 53 - 3)), "CORRUPT_BLOCKS", "at the end of ids");
  assert.equal(await copied(fileOf(4), fileOf(9_999_999_999_999_998)), "2,3,4", "no id at all");
  const io = memoryIo();
  await build(io);
  const other = await open(io, "other");
  for (let id = 1; id <= 3; id++) await other.allocate();
  await other.close();
  await writeFile(io, fileOf(3), await readBytes(io, fileOf(3).replace("log", "other")));
  assert.equal(await outcome(io), "NOT_OUR_FILE", "of another sequence");
});

test("fileBlocks: damaged and missing runs are left out where that is asked for", async () => {
  const omit = async (change: (io: IoAdapter) => Promise<void>) => {
    const io = memoryIo();
    await build(io);
    await change(io);
    for (let round = 0; round < 2; round++) {
      assert.match(await outcome(io), /^(CORRUPT_BLOCKS|NOT_OUR_FILE)$/, "not asked for");
      const allocator = await fileBlocks(io, FOLDER, { name: "log", onDamage: "omit" });
      const byte = new Uint8Array(1);
      for (const run of await allocator.list()) {
        if (run.id <= 4) assert.equal(run.readAt(byte, 5) && byte[0], run.id);
      }
      const said = allocator.omitted.map(({ id, problem }) => `${id} ${problem.code}`);
      if (round === 1) {
        assert.equal((await allocator.allocate()).id > 4, true);
        const [oldest] = await allocator.list();
        await allocator.release(oldest!);
        assert.deepEqual((await allocator.list()).includes(oldest!), false);
        await allocator.close();
        return said;
      }
      await allocator.close();
    }
  };
  assert.deepEqual(await omit((io) => io.remove(fileOf(3))), ["3 CORRUPT_BLOCKS"]);
  assert.deepEqual(await omit((io) => io.remove(fileOf(2))), ["2 CORRUPT_BLOCKS"]);
  assert.deepEqual(await omit((io) => io.remove(fileOf(4))), ["4 CORRUPT_BLOCKS"]);
  const spoil = (id: number) => (io: IoAdapter) => writeFile(io, fileOf(id), new Uint8Array(99));
  assert.deepEqual(await omit(spoil(3)), ["3 NOT_OUR_FILE"]);
  const far = async (io: IoAdapter) => await writeFile(io, fileOf(2 ** 50), new Uint8Array(0));
  assert.deepEqual(await omit(far), ["5 CORRUPT_BLOCKS", `${2 ** 50} CORRUPT_BLOCKS`]);
  const io = memoryIo();
  await assert.rejects(fileBlocks(io, FOLDER, { onDamage: "no" as never }), TypeError);
});

test("fileBlocks: other names are left alone, drafts and released files are removed", async () => {
  const io = memoryIo();
  await build(io);
  const foreign = [
    "log-1.blocks",
    "log-0000000000000000.blocks",
    "log-00000000000000003.blocks",
    "log-000000000000000x.blocks",
    "log-0000000000000003.blocks.old",
    "log.head.bak",
    "notes.txt",
  ];
  for (const name of foreign) await writeFile(io, `${FOLDER}/${name}`, new Uint8Array([1]));
  for (const gone of [fileOf(1), `${fileOf(5)}.new`, `${fileOf(3)}.new`]) {
    await writeFile(io, gone, new Uint8Array(9));
  }
  assert.equal(await outcome(io), "2,3,4");
  const ours = [2, 3, 4].map((id) => fileOf(id).slice(FOLDER.length + 1));
  assert.deepEqual(await io.list(FOLDER), [...foreign, ...ours, "log.head"].sort());
});

test("fileBlocks: a run that the head does not count yet is adopted", async () => {
  const io = memoryIo();
  await build(io);
  const before = await readBytes(io, HEAD);
  const allocator = await open(io);
  (await allocator.allocate()).writeAt(new Uint8Array([55]), 0);
  await allocator.close();
  await writeFile(io, HEAD, before);
  assert.equal(await outcome(io), "2,3,4,5");
  const again = await open(io);
  assert.equal((await again.allocate()).id, 6);
  await again.close();
});

test("fileBlocks: a newer format is refused", async () => {
  const io = memoryIo();
  await build(io);
  const checksum = new Checksum();
  const newer = async (path: string): Promise<void> => {
    const bytes = await readBytes(io, path);
    const view = new DataView(bytes.buffer);
    for (const slot of path === HEAD ? [0, 4096, 8192] : [0, 4096]) {
      view.setUint16(slot + 32, 2, true);
      const end = slot + 32 + view.getUint32(slot + 20, true);
      view.setUint32(slot + 16, checksum.of(bytes, slot + 20, end), true);
    }
    await writeFile(io, path, bytes);
  };
  await newer(fileOf(3));
  assert.equal(await outcome(io), "FORMAT_NEWER");
  await io.remove(fileOf(3));
  await newer(HEAD);
  assert.equal(await outcome(io), "FORMAT_NEWER");
});

test("fileBlocks: ids end before they could wrap around", async () => {
  const io = memoryIo();
  const last = Number.MAX_SAFE_INTEGER;
  const head = { ...SHAPE, identity: new Uint8Array(16), first: last - 1, next: last - 1 };
  await createHead(io, HEAD, new Checksum(), head);
  const allocator = await open(io);
  assert.equal((await allocator.allocate()).id, last - 1);
  await assert.rejects(allocator.allocate(), { code: "TOO_LARGE" });
  assert.deepEqual(await ids(allocator), [last - 1]);
  await allocator.close();
  assert.equal(await outcome(io), String(last - 1));
});

test("regression 1d.13: a full disk while allocating leaves nothing behind", async () => {
  const disk = new SimulatedDisk({ capacityBytes: 60_000 });
  const allocator = await open(disk.io);
  await allocator.allocate();
  const names = await disk.io.list(FOLDER);
  disk.setCapacity(28_000);
  for (let round = 0; round < 3; round++) {
    await assert.rejects(allocator.allocate(), { code: "NO_SPACE" });
    assert.deepEqual(await disk.io.list(FOLDER), names);
  }
  disk.setCapacity(200_000);
  assert.equal((await allocator.allocate()).id, 2, "and it goes on when there is space");
  await allocator.close();
  assert.equal(await outcome(disk.io), "1,2");
});

test("fileBlocks: without reserve a run takes no space before it is written", async () => {
  const disk = new SimulatedDisk({ capacityBytes: 60_000 });
  const allocator = await open(disk.io);
  const runs: Blocks[] = [];
  for (let n = 0; n < 2; n++) runs.push(await allocator.allocate({ reserve: false }));
  disk.setCapacity(1);
  const bytes = new Uint8Array(RUN_BYTES).fill(1);
  assert.throws(() => runs[1]!.writeAt(bytes, 0), { code: "NO_SPACE" });
  disk.setCapacity(60_000);
  runs[1]!.writeAt(bytes, 0);
  runs[1]!.sync();
  await allocator.close();
  assert.equal(await outcome(disk.io), "1,2");
});

test("fileBlocks: an allocation that is aborted while its file is filled made nothing", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  let turns = 0;
  const memory = memoryIo();
  const io: IoAdapter = {
    ...memory,
    nextTurn: (callback) => {
      turns++;
      controller.abort(reason);
      memory.nextTurn(callback);
    },
  };
  // Filled in three steps.
  const allocator = await fileBlocks(io, FOLDER, {
    name: "log",
    blockBytes: 4096,
    blockCount: 600,
  });
  const names = await io.list(FOLDER);
  await assert.rejects(allocator.allocate({ signal: controller.signal }), reason);
  assert.equal(turns, 1, "it ended with the first turn of others");
  assert.deepEqual(await io.list(FOLDER), names);
  const { signal } = new AbortController();
  assert.equal((await allocator.allocate({ signal })).id, 1);
  await allocator.close();
});

test("fileBlocks: an allocation whose file cannot be opened made nothing, for good", async () => {
  const disk = new SimulatedDisk();
  const allocator = await open(disk.io);
  const first = await allocator.allocate();
  const names = await disk.io.list(FOLDER);
  // The first open is that of the draft.
  disk.fail({ operation: "open", at: 1 });
  await assert.rejects(allocator.allocate(), { code: "IO_FAILED" });
  assert.deepEqual(await disk.io.list(FOLDER), names);
  await allocator.release(first);
  for (const policy of ["everything kept", "nothing kept"] as const) {
    assert.equal(await outcome(disk.crash(policy).io), "", policy);
  }
  assert.equal((await allocator.allocate()).id, 2);
  await allocator.close();
  assert.equal(await outcome(disk.io), "2");
});

test("regression 1d.15: a shape whose bytes overflow makes no file", async () => {
  const io = memoryIo();
  for (const blockCount of [2 ** 41, 2 ** 52, 2 ** 60]) {
    await assert.rejects(fileBlocks(io, FOLDER, { blockBytes: 4096, blockCount }), RangeError);
  }
  assert.deepEqual(await io.list(FOLDER), []);
  const allocator = await open(io);
  for (let id = 1; id <= 200; id++) await allocator.allocate();
  const runs = await allocator.list();
  await Promise.all(runs.map((run) => allocator.release(run)));
  assert.deepEqual(await allocator.list(), [], "200 runs at once");
  await allocator.close();
});

test("regression 1d.8: a failed sync poisons, on every path", async () => {
  for (const operation of ["sync", "write", "syncDirectory"] as const) {
    const disk = new SimulatedDisk();
    const allocator = await open(disk.io);
    const first = await allocator.allocate();
    first.writeAt(new Uint8Array([9]), 0);
    first.sync();
    // The last write and sync of an allocation are those of the head.
    const calls = { sync: 1, write: 3, syncDirectory: 0 }[operation];
    disk.fail({ operation, at: calls, mode: "F2" });
    await assert.rejects(allocator.allocate(), { code: "IO_FAILED" });
    await assert.rejects(allocator.allocate(), { code: "POISONED" }, operation);
    await assert.rejects(allocator.release(first), { code: "POISONED" }, operation);
    const byte = new Uint8Array(1);
    first.readAt(byte, 0);
    assert.equal(byte[0], 9, "reads go on");
    await allocator.close();
    for (const image of disk.images({ limit: 8 })) {
      assert.match(await outcome(image.disk.io), /^1(,2)?$/);
    }
  }
});

test("release: a failed one can be done again, and is true before the file is gone", async () => {
  const disk = new SimulatedDisk();
  await build(disk.io);
  const allocator = await open(disk.io);
  const [second, third] = await allocator.list();
  disk.fail({ operation: "remove", times: 2 });
  await assert.rejects(allocator.release(second!), { code: "IO_FAILED" });
  assert.deepEqual(await ids(allocator), [3, 4]);
  assert.equal(await outcome(disk.crash("nothing kept").io), "3,4");
  await assert.rejects(allocator.release(second!), { code: "IO_FAILED" });
  await allocator.release(third!);
  await allocator.release(second!);
  assert.deepEqual(await ids(allocator), [4]);
  assert.equal(disk.contents(fileOf(2)), undefined);
  await allocator.close();
});

/** Allocates, writes and releases; notes what was acknowledged. */
async function work(
  io: IoAdapter,
  seen: { allocated: number; released: number; begun: number },
): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const allocator = await open(io);
    for (let step = 0; step < 2; step++) {
      const run = await allocator.allocate();
      seen.allocated = run.id;
      run.writeAt(new Uint8Array(RUN_BYTES).fill(run.id), 0);
      run.sync();
    }
    const [oldest] = await allocator.list();
    seen.begun = oldest!.id;
    await allocator.release(oldest!);
    seen.released = oldest!.id;
    await allocator.close();
  }
}

test("fileBlocks: no power cut loses a run, brings one back or keeps it from opening", async () => {
  const rehearsal = new SimulatedDisk();
  await work(rehearsal.io, { allocated: 0, released: 0, begun: 0 });
  let images = 0;
  for (const profile of ["sector512", "no-psow"] as const) {
    for (let cut = 0; cut <= rehearsal.operations; cut++) {
      const disk = new SimulatedDisk({ profile });
      disk.cutAt(cut);
      const seen = { allocated: 0, released: 0, begun: 0 };
      await work(disk.io, seen).then(() => {}, () => {});
      for (const image of disk.images({ limit: 12, seed: cut })) {
        const allocator = await open(image.disk.io);
        const runs = await allocator.list();
        const found = runs.map(({ id }) => id);
        const first = found[0] ?? seen.allocated + 1;
        const where = `${profile}, cut at ${cut}, ${image.policy.label}: ${found}`;
        assert.ok(first === seen.released + 1 || first === seen.begun + 1, where);
        assert.ok(found.every((id, at) => id === first + at), where);
        const last = found.at(-1) ?? seen.allocated;
        assert.ok(last === seen.allocated || last === seen.allocated + 1, where);
        const bytes = new Uint8Array(RUN_BYTES);
        for (const run of runs) {
          run.readAt(bytes, 0);
          if (run.id < seen.allocated) assert.ok(bytes.every((byte) => byte === run.id), where);
          if (run.id > seen.allocated) assert.ok(bytes.every((byte) => byte === 0), where);
        }
        assert.equal((await allocator.allocate()).id, last + 1, where);
        await allocator.close();
        images++;
      }
    }
  }
  assert.ok(images > 1000, `${images} images`);
});

test("fileBlocks: any changed byte of head or headers does no harm", async () => {
  const io = memoryIo();
  await build(io);
  const files = await copyDisk(io);
  // Three slots of the head, two headers of each run.
  const places = Array.from({ length: 12_288 }, (_, at) => at)
    .filter((at) => at % 4096 < 120 || at % 331 === 0);
  for (const [path, bytes] of files) {
    for (const at of places) {
      if (path !== HEAD && at >= 8192) break;
      const target = memoryIo();
      for (const [name, content] of files) await writeFile(target, name, content);
      const damaged = bytes.slice();
      damaged[at] = damaged[at]! ^ (1 << at % 8);
      await writeFile(target, path, damaged);
      assert.equal(await outcome(target), "2,3,4", `${path} at ${at}: one copy is enough`);
    }
  }
});

test("fileBlocks: a file cut to any length is told", async () => {
  const io = memoryIo();
  await build(io);
  const files = await copyDisk(io);
  for (const [path, bytes] of files) {
    for (let length = 0; length < bytes.length; length += 997) {
      const target = memoryIo();
      for (const [name, content] of files) await writeFile(target, name, content);
      await writeFile(target, path, bytes.slice(0, length));
      const found = await outcome(target);
      // The first slot of the head alone is enough.
      const expected = path === HEAD && length > 0 ? /^2,3,4$/ : /^CORRUPT_BLOCKS$|^NOT_OUR_FILE$/;
      assert.match(found, expected, `${path} cut to ${length}`);
    }
  }
});

test("Blocks: a file that shrinks while it is open is told, never read as zeros", async () => {
  const io = memoryIo();
  await build(io);
  const allocator = await open(io);
  const [run] = await allocator.list();
  const file = await io.open(fileOf(2), "write");
  file.truncate(8192 + 5000);
  file.close();
  assert.throws(() => run!.readAt(new Uint8Array(100), 4950), { code: "CORRUPT_BLOCKS" });
  await allocator.close();
});
