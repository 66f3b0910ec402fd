/** Pages that are whole and in the wrong place, or from the wrong time: their checksums are right. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, index, isHoldfastError } from "../../mod.ts";
import { crc32 } from "../../src/base/checksum.ts";
import { hasCode } from "../sim/disk/disk_fixture.ts";
import { PAGE } from "./damaged_store.ts";
import { diskWith, readBytes } from "./file_bytes.ts";

const PATH = "/store.hold";
const numbers = index("numbers", { key: codec.u32, value: codec.string });
const ENTRIES = 400;
const valueOf = (key: number, round: number): string => `${key} in ${round} `.padEnd(90, ".");

/** The file after each of four closes; the values of each tell their round. */
async function build(): Promise<Uint8Array[]> {
  const io = memoryIo();
  const images: Uint8Array[] = [];
  for (let round = 0; round < 4; round++) {
    const db = await Database.open(PATH, { io });
    await db.update((tx) => {
      for (let key = 0; key < ENTRIES; key++) tx.open(numbers).put(key, valueOf(key, round));
    });
    await db.close();
    images.push(await readBytes(io, PATH));
  }
  return images;
}

/** Whether a page of a tree stands here, whole and with its own number. */
function isTreePage(bytes: Uint8Array, page: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset + page * PAGE, PAGE);
  return view.getUint32(4, true) === page && page > 1 &&
    view.getUint32(0, true) === crc32(bytes, page * PAGE + 4, (page + 1) * PAGE);
}

/** Opens the bytes and reads all entries. @returns "whole", or what the error says. */
async function read(bytes: Uint8Array, round: number): Promise<string> {
  try {
    const db = await Database.open(PATH, { io: await diskWith(bytes, PATH) });
    try {
      let next = 0;
      for (const [key, value] of db.open(numbers).range()) {
        assert.equal(key, next++);
        assert.equal(value, valueOf(key, round));
      }
      assert.equal(next, ENTRIES);
      return "whole";
    } finally {
      await db.close();
    }
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    assert.equal(error.code, "CORRUPT_PAGE");
    return error.message.replace(/.*: /, "").replace(/\d+/g, "N");
  }
}

test("Database reports a page that was never written over: an older one is whole and not the one asked for", async () => {
  const images = await build();
  const newest = images.at(-1)!;
  const outcomes = new Map<string, number>();
  for (const older of images.slice(1, -1)) {
    for (let page = 3; (page + 1) * PAGE <= Math.min(older.length, newest.length); page++) {
      if (!isTreePage(older, page)) continue;
      const old = older.subarray(page * PAGE, (page + 1) * PAGE);
      const bytes = newest.slice();
      bytes.set(old, page * PAGE);
      const outcome = await read(bytes, 3);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  const stale = "a lost or stale write";
  assert.deepEqual([...outcomes.keys()].sort(), [stale, "whole"]);
  assert.ok(outcomes.get(stale)! > 2, [...outcomes].join(" "));
});

test("Database reports two pages that changed places", async () => {
  const newest = (await build()).at(-1)!;
  const pages: number[] = [];
  for (let page = 3; (page + 1) * PAGE <= newest.length; page++) {
    if (isTreePage(newest, page)) pages.push(page);
  }
  assert.ok(pages.length > 10);
  const outcomes = new Set<string>();
  for (let i = 0; i + 1 < pages.length; i += 3) {
    const [one, other] = [pages[i]!, pages[i + 1]!];
    const bytes = newest.slice();
    bytes.copyWithin(one * PAGE, other * PAGE, (other + 1) * PAGE);
    bytes.set(newest.subarray(one * PAGE, (one + 1) * PAGE), other * PAGE);
    outcomes.add(await read(bytes, 3));
  }
  // Some are free: nobody asks for them.
  outcomes.delete("whole");
  assert.deepEqual([...outcomes], ["it says that it is page N"]);
});

test("Database reports a file that is cut short while it is open", async () => {
  const newest = (await build()).at(-1)!;
  const io = await diskWith(newest, PATH);
  const db = await Database.open(PATH, { io });
  const file = await io.open(PATH, "write");
  const first = newest.findIndex((_, at) => at % PAGE === 0 && isTreePage(newest, at / PAGE));
  file.truncate(first + 100);
  assert.throws(() => [...db.open(numbers).range()], hasCode("CORRUPT_PAGE"));
  const report = await db.check();
  assert.equal(report.ok, false);
  file.writeAt(newest.subarray(first), first);
  file.close();
  assert.equal([...db.open(numbers).range()].length, ENTRIES, "reads poison nothing");
  await db.close();
});
