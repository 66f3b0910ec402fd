/**
 * Golden stores of the structures that live in a database.
 */

import { Checksum } from "../../../src/base/checksum.ts";
import { SLOT_HEADER_BYTES, SlotRegister } from "../../../src/journal/slot_register.ts";
import { PAGE_BYTES, SUPERBLOCK_SLOTS } from "../../../src/kernel/limits.ts";
import { SLOT_LAYOUT } from "../../../src/kernel/open_store.ts";
import { setRun } from "../../../src/kernel/space/free_space.ts";
import { decodeSuperblock, encodeSuperblock } from "../../../src/kernel/superblock.ts";
import { FIRST_TREE } from "../../../src/kernel/tree/state.ts";
import { codec, Database, type DatabaseOptions, index, type IoAdapter } from "../../../mod.ts";
import { DamageDisk, type Files } from "../damage/damage_disk.ts";
import {
  expect,
  type Golden,
  type GoldenStore,
  Look,
  type Outcome,
  WrongData,
} from "./golden_store.ts";
import type { Structure } from "../subject.ts";

/** Where the stores are. */
export const PATH = "/golden.hold";

/** The least that there is. */
export const SMALL: Pick<DatabaseOptions, "cacheBytes" | "logBytes"> = {
  cacheBytes: 1024 * 1024,
  logBytes: 256 * 1024,
};

/** Pages of each extent of the log: four commits. */
const EXTENT_PAGES = 4;

const extra = index("extra", { key: codec.u8, value: codec.u8 });

/** What is kept in a database, and how it is looked at. */
export interface DatabaseGolden {
  readonly name: string;
  readonly structure: Structure;
  /**
   * Puts into the trees what is to be there. Commits of up to 3 KB with a pause behind each: a log that
   * gets fuller grows.
   */
  fill(db: Database, pause: () => Promise<void>): Promise<void>;
  /** A commit that stays in the log; there are two, 1 and 2. */
  change(db: Database, commit: 1 | 2): Promise<void>;
  /** Reads all of it. @throws {WrongData} when it is not what `commits` of the changes leave */
  verify(db: Database, look: Look, commits: 0 | 1 | 2): void | Promise<void>;
  /** Before the end, where a close of the database alone is not enough. */
  readonly end?: (db: Database) => Promise<void>;
  /** Opened for writing alone. */
  readonly writes?: boolean;
  /** Only as a crash leaves it. */
  readonly crashedOnly?: boolean;
}

/** A golden store of what is kept in a database. */
export function databaseStore(of: DatabaseGolden): GoldenStore {
  return { name: of.name, structure: of.structure, build: () => buildDatabase(of) };
}

async function buildDatabase(of: DatabaseGolden): Promise<Golden[]> {
  const disk = new DamageDisk(new Map([[PATH, emptyStore()]]), 1);
  const db = await Database.open(PATH, { ...SMALL, io: disk.io });
  await of.fill(db, () => db.checkpoint());
  await db.checkpoint();
  const filled = disk.contents();
  await of.change(db, 1);
  const changed = disk.contents();
  await of.change(db, 2);
  const crashed = withoutGrowth(disk.bytesOf(PATH));
  await of.end?.(db);
  await db.close();
  const closed = disk.contents();
  const golden = (state: Golden["state"], files: Files, before: Files[]): Golden => ({
    state,
    files,
    before,
    read: (io, goesOn) => readDatabase(of, state, io, goesOn),
  });
  return [
    golden("crashed", crashed, [changed, filled]),
    ...(of.crashedOnly ? [] : [golden("closed", closed, [crashed, filled])]),
  ];
}

/** What a power cut leaves of a file that grew ahead: growth that no superblock names is undone. */
function withoutGrowth(bytes: Uint8Array): Files {
  const slots = [0, 1, 2].map((slot) =>
    bytes.slice(slot * PAGE_BYTES + SLOT_HEADER_BYTES, (slot + 1) * PAGE_BYTES)
  );
  const named = slots.map((slot) => decodeSuperblock(slot, PATH).pageCount * PAGE_BYTES);
  const used = Math.ceil((bytes.findLastIndex((byte) => byte !== 0) + 1) / PAGE_BYTES) * PAGE_BYTES;
  return new Map([[PATH, bytes.slice(0, Math.max(used, ...named))]]);
}

/** An empty store whose log is a few pages: every byte of it can be changed in turn. */
function emptyStore(): Uint8Array {
  const bitmapPage = SUPERBLOCK_SLOTS + 2 * EXTENT_PAGES;
  const pageCount = bitmapPage + 1;
  const bits = new Uint32Array(1);
  setRun(bits, 0, pageCount);
  const bitmap = new Uint8Array(bits.buffer);
  const bytes = new Uint8Array(pageCount * PAGE_BYTES);
  bytes.set(bitmap, bitmapPage * PAGE_BYTES);
  const checksum = new Checksum();
  const superblock = encodeSuperblock({
    clean: true,
    identity: Uint8Array.from({ length: 16 }, (_, at) => at + 1),
    sequence: 1,
    chain: 77,
    epoch: 1,
    pageCount,
    nextTree: FIRST_TREE,
    roots: { page: 0, checksum: 0, level: 0, count: 0, pages: 0 },
    bitmap: {
      page: bitmapPage,
      pages: 1,
      bytes: bitmap.length,
      checksum: checksum.of(bitmap, 0, bitmap.length),
    },
    current: { page: SUPERBLOCK_SLOTS, pages: EXTENT_PAGES, salt: 5n },
    next: { page: SUPERBLOCK_SLOTS + EXTENT_PAGES, pages: EXTENT_PAGES, salt: 6n },
  });
  const file = {
    readAt: (buffer: Uint8Array, offset: number): number => {
      buffer.set(bytes.subarray(offset, offset + buffer.length));
      return buffer.length;
    },
    writeAt: (buffer: Uint8Array, offset: number): void => bytes.set(buffer, offset),
  };
  const register = new SlotRegister(file, checksum, SLOT_LAYOUT);
  for (let slot = 0; slot < SUPERBLOCK_SLOTS; slot++) register.write(superblock);
  return bytes;
}

async function readDatabase(
  of: DatabaseGolden,
  state: Golden["state"],
  io: IoAdapter,
  goesOn: boolean,
): Promise<Outcome> {
  const look = new Look();
  // What a crash left is recovered for good; of what was closed, not one byte changes.
  const readOnly = !goesOn && of.writes !== true && state === "closed";
  const db = await look.wait(() => Database.open(PATH, { ...SMALL, io, readOnly, create: false }));
  if (db === undefined) return { codes: look.codes };
  let commits: 1 | 2 = 2;
  let lost: Outcome["lost"];
  try {
    await look.wait(async () => of.verify(db, look, 2));
  } catch (error) {
    if (!(error instanceof WrongData) || state === "closed") throw error;
    commits = 1;
    lost = db.recovered.droppedBytes > 0 ? "tail" : "last write";
    await verifyFewer(of, db, look, error);
  }
  if (state === "closed") {
    expect(db.recovered.droppedBytes === 0, "a tail was dropped after a clean close");
  }
  const outcome: Outcome = { codes: look.codes, ...(lost === undefined ? {} : { lost }) };
  const wasRight = look.codes.length === 0;
  if (goesOn && wasRight) await goOn(of, db, io, commits, look);
  // Without a sync there is nothing that a close would have to wait for.
  else if (readOnly) await db.close();
  return { ...outcome, codes: look.codes };
}

/** @throws the first error, where neither is right */
async function verifyFewer(
  of: DatabaseGolden,
  db: Database,
  look: Look,
  first: WrongData,
): Promise<void> {
  try {
    await look.wait(async () => of.verify(db, look, 1));
  } catch (error) {
    throw error instanceof WrongData ? first : error;
  }
}

/** A store in which all was right can be written to; then it is right still, or says what is not. */
async function goOn(
  of: DatabaseGolden,
  db: Database,
  io: IoAdapter,
  commits: 1 | 2,
  look: Look,
): Promise<void> {
  const isWritten = await look.wait(async () => {
    await db.update((tx) => tx.open(extra).put(1, 1));
    const { problems } = await db.check();
    for (const { code } of problems) look.noteCode(`check ${code}`);
    await of.end?.(db);
    await db.close();
    return true;
  });
  if (!isWritten) return void await look.wait(() => db.close());
  const again = await look.wait(() => Database.open(PATH, { ...SMALL, io, create: false }));
  if (again === undefined) return;
  expect(again.recovered.droppedBytes === 0, "a tail was dropped after a clean close");
  await look.wait(async () => of.verify(again, look, commits));
  look.see(() => expect(again.open(extra).get(1) === 1, "what was written later is gone"));
  await look.wait(() => again.close());
}
