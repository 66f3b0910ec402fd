/** Damaged files of once maps and registers: the right data, or an error with a code. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import {
  codec,
  Database,
  type IoAdapter,
  type IoFile,
  isHoldfastError,
  onceMap,
  register,
} from "../../mod.ts";
import { PAGE_BYTES } from "../../src/kernel/limits.ts";
import { filled } from "../kernel/damaged_store.ts";
import { diskWith, readBytes } from "../kernel/file_bytes.ts";

const PATH = "/golden.hold";
const SMALL = { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 };

/** Every so many of the bytes that are read are changed: `DAMAGE_STEP=1` for each. */
const STEP = Number(process.env["DAMAGE_STEP"] ?? 97);

/** Of pages that were never written to. */
const ZERO_STEP = STEP === 1 ? 1 : STEP * 40;

const owners = onceMap("owners", { key: codec.u8, value: codec.bytes });
const newest = register("newest", codec.bytes);
const highest = register("highest", codec.u32, { monotonic: true });

/** Bytes of a value by its key: one has pages of its own. */
function valueOf(key: number): Uint8Array {
  return filled(key === 7 ? 5000 : 10 + key, key);
}

/** The file after a clean close, and as a crash leaves it: the last commit only in the log. */
async function golden(): Promise<{ clean: Uint8Array; crashed: Uint8Array }> {
  const io = memoryIo();
  const db = await Database.open(PATH, { ...SMALL, io });
  await db.update((tx) => {
    for (let key = 0; key < 20; key++) tx.open(owners).putIfAbsent(key, valueOf(key));
    tx.open(newest).set(filled(30, 1));
    tx.open(highest).set(1);
  });
  await db.checkpoint();
  await db.update((tx) => {
    tx.open(owners).putIfAbsent(20, valueOf(20));
    tx.open(newest).set(filled(30, 2));
    tx.open(highest).set(2);
  });
  const crashed = await readBytes(io, PATH);
  await db.close();
  return { clean: await readBytes(io, PATH), crashed };
}

/** Reads all there is. Throws where something is neither right nor an error with a code. */
async function outcomeOf(io: IoAdapter, isCrashed: boolean): Promise<string> {
  let db: Database;
  try {
    db = await Database.open(PATH, { ...SMALL, io, readOnly: true });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error.code;
  }
  // A last batch that is not whole is what a crash leaves: it is dropped with all that is in it.
  const commits = isCrashed ? commitsIn(db) : 2;
  const codes = new Set<string>();
  const look = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      codes.add(error.code);
    }
  };
  look(() => {
    const entries = [...db.open(owners).entries()];
    assert.deepEqual(
      entries.map(([key]) => key),
      Array.from({ length: 18 + commits + 1 }, (_, k) => k),
    );
    for (const [key, value] of entries) assert.deepEqual(value, valueOf(key));
  });
  for (const key of [0, 7, 20, 99]) {
    const wanted = key < 18 + commits + 1 ? valueOf(key) : undefined;
    look(() => assert.deepEqual(db.open(owners).get(key), wanted));
    look(() => assert.equal(db.open(owners).has(key), wanted !== undefined));
  }
  look(() => assert.equal(db.open(owners).size, 18 + commits + 1));
  look(() => assert.deepEqual(db.open(newest).get(), filled(30, commits)));
  look(() => assert.equal(db.open(highest).get(), commits));
  await db.close();
  return codes.size > 0 ? [...codes].join() : commits === 2 ? "whole" : "dropped";
}

/** How many commits there are, as far as that can be read. */
function commitsIn(db: Database): number {
  try {
    return db.open(highest).get() === 1 ? 1 : 2;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return db.recovered.replayedCommits + 1;
  }
}

/** Some of the bytes that opening and reading a file look at: no others change what they see. */
async function bytesRead(image: Uint8Array, isCrashed: boolean): Promise<number[]> {
  const io = await diskWith(image, PATH);
  const isRead = new Uint8Array(image.length);
  const watched: IoAdapter = {
    ...io,
    open: async (path, mode) => watch(await io.open(path, mode), isRead),
  };
  assert.equal(await outcomeOf(watched, isCrashed), "whole");
  const places: number[] = [];
  for (let page = 0; page < image.length; page += PAGE_BYTES) {
    const step = image.subarray(page, page + PAGE_BYTES).some((byte) => byte !== 0)
      ? STEP
      : ZERO_STEP;
    const first = (page / PAGE_BYTES) % step;
    for (let at = page + first; at < page + PAGE_BYTES; at += step) {
      if (isRead[at] === 1) places.push(at);
    }
  }
  return places;
}

function watch(file: IoFile, isRead: Uint8Array): IoFile {
  return {
    readAt: (buffer, offset) => {
      isRead.fill(1, offset, offset + buffer.length);
      return file.readAt(buffer, offset);
    },
    writeAt: (buffer, offset) => file.writeAt(buffer, offset),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    sync: () => file.sync(),
    syncAsync: () => file.syncAsync(),
    close: () => file.close(),
  };
}

for (const [name, isCrashed] of [["closed", false], ["crashed", true]] as const) {
  test(`onceMap, register: every changed byte of a ${name} store is met by right data or a code`, {
    timeout: 60_000,
  }, async () => {
    const files = await golden();
    const image = isCrashed ? files.crashed : files.clean;
    const places = await bytesRead(image, isCrashed);
    assert.ok(places.length > 20_000 / STEP, `${places.length} bytes are changed`);
    const outcomes = new Map<string, number>();
    const io = await diskWith(image, PATH);
    const file = await io.open(PATH, "write");
    for (const [i, at] of places.entries()) {
      // One bit, all bits.
      file.writeAt(Uint8Array.of(image[at]! ^ (i % 2 === 0 ? 1 << at % 8 : 0xff)), at);
      const outcome = await outcomeOf(io, isCrashed);
      file.writeAt(image.subarray(at, at + 1), at);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    file.close();
    assert.equal(await outcomeOf(io, isCrashed), "whole");
    const shown = JSON.stringify([...outcomes]);
    assert.ok([...outcomes.keys()].some((code) => code.includes("CORRUPT_PAGE")), shown);
    assert.ok(!shown.includes("INVARIANT"), shown);
    if (isCrashed) assert.ok(outcomes.has("dropped"), shown);
  });
}

test("onceMap, register: a store cut short at any length is an error with a code", async () => {
  const { clean } = await golden();
  const io = await diskWith(clean, PATH);
  const step = STEP === 1 ? 1 : 1999;
  for (let length = clean.length - 1; length >= 0; length -= step) {
    // One file, cut again and again.
    const file = await io.open(PATH, "write");
    file.truncate(length);
    file.close();
    const outcome = await outcomeOf(io, false);
    assert.match(outcome, /^(NOT_OUR_FILE|CORRUPT_SUPERBLOCK)$/, `cut to ${length} bytes`);
  }
});

test("Database.open: bytes behind the end that the superblock names are no data, and do no harm", async () => {
  const { clean } = await golden();
  for (const extra of [1, 511, 4096, 50_000]) {
    const longer = new Uint8Array(clean.length + extra).fill(0xee);
    longer.set(clean);
    const io = await diskWith(longer, PATH);
    assert.equal(await outcomeOf(io, false), "whole");
    assert.deepEqual(await readBytes(io, PATH), longer, "a reader changes nothing");
    const db = await Database.open(PATH, { ...SMALL, io });
    await db.update((tx) => {
      for (let key = 30; key < 60; key++) tx.open(owners).putIfAbsent(key, filled(3000, key));
    });
    assert.deepEqual((await db.check()).problems, []);
    assert.equal(db.open(owners).size, 51);
    await db.close();
  }
});
