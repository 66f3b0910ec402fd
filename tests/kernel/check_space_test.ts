/** What `check` says of books that do not balance: the image is changed with all checksums right. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { SlotRegister } from "../../src/journal/slot_register.ts";
import { SLOT_LAYOUT } from "../../src/kernel/open_store.ts";
import { StoreInspector } from "../../src/kernel/inspect/store_inspector.ts";
import { encodeSuperblock, type Superblock } from "../../src/kernel/superblock.ts";
import { type CheckProblem, Database } from "../../mod.ts";
import { filled, numbers, PAGE } from "./damaged_store.ts";

const PATH = "/books.hold";

/** The bits of free space: 1 is in use. */
interface Bits {
  get(page: number): boolean;
  flip(page: number): void;
}

/** What `check` finds after a change of the superblock, or of the bits of free space. */
async function problemsAfter(
  change: (superblock: Superblock, bits: Bits) => Superblock,
): Promise<readonly CheckProblem[]> {
  const io = memoryIo();
  const source = await Database.open(PATH, { io });
  await source.update((tx) => {
    for (let n = 0; n < 400; n++) tx.open(numbers("a")).put(n, filled(100, n));
  });
  await source.close();
  const inspector = await StoreInspector.open(io, PATH);
  const before = inspector.superblock!;
  inspector.close();
  const file = await io.open(PATH, "write");
  const checksum = new Checksum(io.crc32);
  const bitmap = new Uint8Array(before.bitmap.bytes);
  file.readAt(bitmap, before.bitmap.page * PAGE);
  const after = change(before, {
    get: (page) => (bitmap[page >> 3]! >> (page & 7) & 1) === 1,
    flip: (page) => bitmap[page >> 3]! ^= 1 << (page & 7),
  });
  file.writeAt(bitmap, before.bitmap.page * PAGE);
  const sum = checksum.of(bitmap, 0, bitmap.length);
  const register = new SlotRegister(file, checksum, SLOT_LAYOUT);
  register.read();
  register.write(encodeSuperblock({ ...after, bitmap: { ...after.bitmap, checksum: sum } }));
  file.close();
  const db = await Database.open(PATH, { io, readOnly: true });
  const { ok, problems } = await db.check();
  assert.equal(ok, problems.length === 0);
  await db.close();
  return problems;
}

test("check: books that balance are no problem", async () => {
  assert.deepEqual(await problemsAfter((superblock) => superblock), []);
});

test("check: a page in use that nobody owns, and one that is free and owned", async () => {
  let leaked = 0;
  const leak = await problemsAfter((superblock, bits) => {
    leaked = superblock.pageCount - 1;
    while (bits.get(leaked)) leaked--;
    bits.flip(leaked);
    return superblock;
  });
  assert.deepEqual(leak.map(({ code, page }) => [code, page]), [["INVARIANT", leaked]]);
  assert.match(leak[0]!.message, /no owner/);
  let owned = 0;
  const free = await problemsAfter((superblock, bits) => {
    owned = superblock.roots.page;
    bits.flip(owned);
    return superblock;
  });
  assert.deepEqual(free.map(({ code, page }) => [code, page]), [["INVARIANT", owned]]);
  assert.match(free[0]!.message, /free but owned/);
});

test("check: a page with two owners; one outside the file is CORRUPT_SUPERBLOCK at opening", async () => {
  const twice = await problemsAfter((superblock) => ({
    ...superblock,
    next: { ...superblock.next, page: superblock.roots.page, pages: 1 },
  }));
  assert.ok(twice.some(({ message }) => /second owner/.test(message)), JSON.stringify(twice));
  await assert.rejects(
    problemsAfter((superblock) => ({
      ...superblock,
      next: { ...superblock.next, page: superblock.pageCount, pages: 1 },
    })),
    { code: "CORRUPT_SUPERBLOCK" },
  );
});

test("check: counts of entries and pages that are not those of the tree", async () => {
  const entries = await problemsAfter((superblock) => ({
    ...superblock,
    roots: { ...superblock.roots, count: superblock.roots.count + 1 },
  }));
  assert.deepEqual(entries.map(({ code }) => code), ["INVARIANT"]);
  assert.match(entries[0]!.message, /entries, its root says/);
  const pages = await problemsAfter((superblock) => ({
    ...superblock,
    roots: { ...superblock.roots, pages: superblock.roots.pages + 1 },
  }));
  assert.match(pages[0]!.message, /pages, its root says/);
  const none = await problemsAfter((superblock) => ({
    ...superblock,
    roots: { ...superblock.roots, page: 0 },
  }));
  assert.match(none[0]!.message, /Empty tree 1 counts entries/);
});
