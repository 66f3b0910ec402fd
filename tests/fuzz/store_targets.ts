/**
 * Whole files: every opener, the inspector behind `holdfast dump`, repair. The changed files have the
 * checksums of what they say wherever a checksum stands in the same block, so that the numbers
 * behind it are used.
 */

import { memoryIo } from "../../adapters/memory.ts";
import { crc32 } from "../../src/base/checksum.ts";
import type { Prng } from "../../src/base/prng.ts";
import { entryLines, logLines, overviewLines, pageLines } from "../../src/cli/dump_lines.ts";
import { StoreInspector } from "../../src/kernel/inspect/store_inspector.ts";
import { Database, type IoAdapter, repair } from "../../mod.ts";
import { goldensOf } from "../sim/damage/damage_campaign.ts";
import { DamageDisk, type Files } from "../sim/damage/damage_disk.ts";
import { PATH } from "../sim/golden/golden_database.ts";
import { expect, type Golden, type GoldenStore, WrongData } from "../sim/golden/golden_store.ts";
import { goldenStores } from "../sim/golden/golden_stores.ts";
import { changed } from "./changed_bytes.ts";
import type { FuzzTarget } from "./fuzzer.ts";

const BLOCK_BYTES = 4096;
const TEXT = new TextDecoder("latin1");

/** What openers may say of files that somebody forged. */
const CODES = [
  "NOT_OUR_FILE",
  "FORMAT_NEWER",
  "TYPE_MISMATCH",
  "TOO_LARGE",
  "CORRUPT_SUPERBLOCK",
  "CORRUPT_PAGE",
  "CORRUPT_BLOCKS",
  "CORRUPT_JOURNAL",
  "CORRUPT_LOG",
  "CORRUPT_VALUE",
  "CORRUPT_CONTENT",
  "NO_SPACE",
];

/** Opening takes a page cache and windows; what a file claims to have takes nothing. */
const OPENS: number = 24 * 1024 * 1024;

/** Golden stores with a block or two changed. */
async function openerTarget(store: GoldenStore, golden: Golden): Promise<FuzzTarget> {
  const disk = new DamageDisk(golden.files, 5);
  return {
    name: `open ${store.name}, ${golden.state}`,
    seeds: [],
    cost: 20,
    codes: CODES,
    allocates: OPENS,
    async run(_, random) {
      change(disk, golden.files, random);
      try {
        checkCodes((await golden.read(disk.io, random.below(4) === 0)).codes);
      } catch (error) {
        // It says what it was made to say.
        if (!(error instanceof WrongData) || error.message.startsWith("the code")) throw error;
      } finally {
        disk.restore();
      }
    },
  };
}

/** What is thrown has one of the codes; a check may report whatever it finds. */
function checkCodes(codes: readonly string[]): void {
  for (const code of codes) {
    expect(CODES.includes(code) || code.startsWith("check "), `the code ${code}`);
  }
}

/** Changes blocks of a file and gives them right checksums, most of the time. */
function change(disk: DamageDisk, files: Files, random: Prng): void {
  const paths = [...files.keys()];
  const path = paths[random.below(paths.length)]!;
  const bytes = files.get(path)!;
  const used = Array.from({ length: bytes.length / BLOCK_BYTES }, (_, n) => n * BLOCK_BYTES)
    .filter((at) => bytes.subarray(at, at + BLOCK_BYTES).some((byte) => byte !== 0));
  if (random.below(20) === 0) {
    const other = changed([bytes.slice(0, 3 * BLOCK_BYTES)], random);
    disk.truncate(path, 0);
    disk.write(path, 0, other);
    return;
  }
  // The beginning has what all else is found by.
  const isFirst = random.below(2) === 0;
  const at = isFirst ? used[random.below(2) % used.length]! : used[random.below(used.length)]!;
  const block = bytes.slice(at, at + BLOCK_BYTES);
  const head = block.slice(0, [64, 200, BLOCK_BYTES][random.below(3)]);
  const begin = Math.min(head.length, TEXT.decode(block.subarray(4, 8)) === "HLB1" ? 8 : 20);
  const part = changed([head.slice(begin)], random).subarray(0, BLOCK_BYTES - begin);
  block.set(part, begin);
  if (random.below(5) > 0) mend(block);
  disk.write(path, at, block);
  // Of what stands twice, both.
  if (isFirst && random.below(2) === 0 && bytes.length > 2 * BLOCK_BYTES) {
    disk.write(path, at ^ BLOCK_BYTES, block);
  }
}

/** The checksums of slots and of batches. */
function mend(block: Uint8Array): void {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const end = 32 + view.getUint32(20, true);
  if (TEXT.decode(block.subarray(4, 8)) !== "HLB1" && end <= block.length) {
    view.setUint32(16, crc32(block, 20, end), true);
  }
  // A page has its own at the beginning; slots have a magic there.
  if (view.getUint32(4, true) < 1000) view.setUint32(0, crc32(block, 4, block.length), true);
}

/** Looking into a file: it always ends, and what it says is bounded. */
function inspectTarget(goldens: readonly Golden[]): FuzzTarget {
  const disks = goldens.map(({ files }) => new DamageDisk(files, 5));
  return {
    name: "inspect a database",
    seeds: [],
    cost: 30,
    codes: [],
    allocates: OPENS,
    async run(_, random) {
      const which = random.below(disks.length);
      const disk = disks[which]!;
      for (let n = random.below(3); n >= 0; n--) change(disk, goldens[which]!.files, random);
      const inspector = await StoreInspector.open(disk.io, PATH);
      let lines = 0;
      try {
        for (const _ of overviewLines(inspector)) lines++;
        for (const _ of logLines(inspector, true)) lines++;
        for (let page = 0; page < 24; page++) for (const _ of pageLines(inspector, page)) lines++;
        for (const tree of inspector.trees()) {
          if ("problem" in tree || tree.structure === undefined) continue;
          for (const _ of entryLines(inspector, tree.structure.name, false)) lines++;
        }
      } finally {
        inspector.close();
        disk.restore();
      }
      expect(lines < 20_000, `${lines} lines`);
    },
  };
}

/** Repair of a damaged file: a whole store, or an error that says why not. */
function repairTarget(goldens: readonly Golden[]): FuzzTarget {
  const disks = goldens.map(({ files }) => new DamageDisk(files, 5));
  return {
    name: "repair a database",
    seeds: [],
    cost: 150,
    codes: CODES,
    allocates: 4 * OPENS,
    async run(_, random) {
      const which = random.below(disks.length);
      const disk = disks[which]!;
      try {
        for (let n = random.below(3); n >= 0; n--) change(disk, goldens[which]!.files, random);
        await repair(PATH, "/repaired.hold", { io: disk.io });
        const db = await Database.open("/repaired.hold", { io: disk.io, create: false });
        const { problems } = await db.check();
        expect(problems.length === 0, `${problems[0]?.message}`);
        await db.close();
      } finally {
        disk.restore();
      }
    },
  };
}

/** Files that have nothing but a beginning in common with ours. */
function foreignTarget(goldens: readonly { store: GoldenStore; golden: Golden }[]): FuzzTarget {
  return {
    name: "open other files",
    seeds: goldens.map(({ golden }) => [...golden.files.values()][0]!.slice(0, 64)),
    cost: 20,
    codes: CODES,
    allocates: OPENS,
    async run(input, random) {
      const { golden } = goldens[random.below(goldens.length)]!;
      const io = await diskOf(golden.files, input);
      try {
        checkCodes((await golden.read(io, false)).codes);
      } catch (error) {
        if (!(error instanceof WrongData) || error.message.startsWith("the code")) throw error;
      }
    },
  };
}

/** The files of a golden, the first of which has these bytes. */
async function diskOf(files: Files, first: Uint8Array): Promise<IoAdapter> {
  const io = memoryIo();
  let isFirst = true;
  for (const [path, bytes] of files) {
    const file = await io.open(path, "create");
    file.writeAt(isFirst ? first : bytes, 0);
    file.close();
    isFirst = false;
  }
  return io;
}

/** All of them. */
export async function storeTargets(): Promise<FuzzTarget[]> {
  const goldens = await goldensOf(goldenStores);
  const openers: FuzzTarget[] = [];
  for (const { store, golden } of goldens) openers.push(await openerTarget(store, golden));
  const databases = goldens.map(({ golden }) => golden).filter(({ files }) => files.has(PATH));
  return [...openers, foreignTarget(goldens), inspectTarget(databases), repairTarget(databases)];
}
