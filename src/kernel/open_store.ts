/**
 * Creating, opening and recovering a store.
 *
 * | # | found                                            | done                                      |
 * | - | ------------------------------------------------ | ----------------------------------------- |
 * | 1 | no file                                          | create beside it, sync, rename, sync name |
 * | 2 | a file without our magic                         | `NOT_OUR_FILE`                            |
 * | 3 | our magic, more than one slot not intact         | `CORRUPT_SUPERBLOCK`                      |
 * | 4 | newest intact slot of a newer format             | `FORMAT_NEWER`                            |
 * | 5 | file shorter than the superblock says            | `CORRUPT_SUPERBLOCK`                      |
 * | 6 | free space bitmap damaged                        | `CORRUPT_PAGE`                            |
 * | 7 | log damaged before its end (see log_scanner.ts)  | `CORRUPT_LOG`                             |
 * | 8 | a batch after a clean close                      | `CORRUPT_LOG`: nothing was written since  |
 * | 9 | nothing of the above                             | write the superblock again, sync          |
 * | 10 | and records to replay, or a torn tail           | replay, checkpoint with new salts         |
 *
 * Rows 1 and 10 may crash anywhere: 1 leaves no database (a stray `.new` file is written over the
 * next time), 10 leaves the old superblock and log, which are replayed again to the same state.
 * Opened for reading, all of this is written to memory over the file (see `overlay_file.ts`).
 * Row 3: a crash tears the slot that is being written, and no other. What the slot before the last two
 * names may have been written over.
 * Row 5: the file is cut only after the two newest slots say so (`file_tail.ts`), and grows before a
 * slot says so. It may be longer than it should: growth or a cut that a crash undid.
 *
 * Row 9: what was read may be in the system's cache only, and a sync that follows does nothing for it
 * if one before it failed (the last owner was killed). So nothing is written over, in the slots or
 * elsewhere, before the same superblock stands in a slot of its own and is durable.
 *
 * @module
 */

import { Checksum } from "../base/checksum.ts";
import { hasBatch, scanLog } from "../block/log_scanner.ts";
import { CorruptionError, FormatError, StateError } from "../errors.ts";
import type { IoAdapter, IoFile } from "../io/adapter.ts";
import { type SlotLayout, SlotRegister } from "../journal/slot_register.ts";
import { applyChanges } from "./commit/apply.ts";
import { catalogCodec } from "./catalog/catalog.ts";
import { Checkpointer } from "./commit/checkpoint.ts";
import { decodeBatch, LoggedSets } from "./commit/logged_sets.ts";
import { leaveRuns, renewRuns } from "./commit/renew_runs.ts";
import { Engine, type EngineOptions, identityChecksum } from "./engine.ts";
import { setRun } from "./space/free_space.ts";
import { LOG_BYTES_MIN, PAGE_BYTES, SUPERBLOCK_SLOTS } from "./limits.ts";
import { decodeLogged, holdPrepared, loadPrepared } from "./two_phase/load_prepared.ts";
import { referencesIn } from "./two_phase/prepared_sets.ts";
import { readRun, referenceLength, referencePage, runPages } from "./page/overflow.ts";
import { CATALOG_TREE, FIRST_TREE } from "./tree/state.ts";
import {
  decodeSuperblock,
  encodeSuperblock,
  extentOf,
  MAGIC,
  type Superblock,
} from "./superblock.ts";
import { PUT, PUT_REFERENCE, type WriteSet } from "./commit/write_set.ts";

/** What opening found and did. */
export interface RecoveryReport {
  /** Log batches that were replayed. */
  readonly replayedBatches: number;
  /** Commits that were replayed. */
  readonly replayedCommits: number;
  /** Bytes of a torn log tail that were dropped: never acknowledged at "disk". */
  readonly droppedBytes: number;
  /** Superblock slots (0 to 2) that were unreadable. */
  readonly damagedSlots: readonly number[];
  /** Whether the last owner closed the store. */
  readonly cleanClose: boolean;
  /** Ids of the transactions that were prepared and not decided, before `decide` was asked. */
  readonly inDoubt: readonly Uint8Array[];
}

/** Where the superblocks are. */
export const SLOT_LAYOUT: SlotLayout = {
  magic: MAGIC,
  offset: 0,
  slotBytes: PAGE_BYTES,
  slots: SUPERBLOCK_SLOTS,
};

/** Creates an empty store at `path`, which must not exist; the caller holds the lock. */
export async function createStore(io: IoAdapter, path: string): Promise<void> {
  const building = `${path}.new`;
  await io.remove(building);
  const file = await io.open(building, "create");
  try {
    writeEmptyStore(io, file);
    // Durable after this: the contents of the new file, under its temporary name.
    file.sync();
  } finally {
    file.close();
  }
  await io.rename(building, path);
  try {
    // Durable after this: the name. The database exists.
    await io.syncDirectory(path);
  } catch (error) {
    // A later sync may return and the name be lost for good: the next opening gives another one.
    await io.remove(path).catch(() => {});
    throw error;
  }
}

function writeEmptyStore(io: IoAdapter, file: IoFile): void {
  const checksum = new Checksum(io.crc32);
  const random = new Uint8Array(36);
  io.random(random);
  const view = new DataView(random.buffer);
  const extentPages = LOG_BYTES_MIN / PAGE_BYTES;
  const firstPage = SUPERBLOCK_SLOTS;
  const bitmapPage = firstPage + 2 * extentPages;
  const pageCount = bitmapPage + 1;
  const bits = new Uint32Array((pageCount + 31) >>> 5);
  setRun(bits, 0, pageCount);
  const bitmap = new Uint8Array(bits.buffer);
  const superblock: Superblock = {
    clean: true,
    identity: random.slice(0, 16),
    sequence: 1,
    chain: view.getUint32(16, true),
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
    current: { page: firstPage, pages: extentPages, salt: view.getBigUint64(20, true) },
    next: {
      page: firstPage + extentPages,
      pages: extentPages,
      salt: view.getBigUint64(28, true),
    },
  };
  const zeros = new Uint8Array(64 * PAGE_BYTES);
  for (let at = 0; at < pageCount * PAGE_BYTES; at += zeros.length) {
    file.writeAt(zeros.subarray(0, Math.min(zeros.length, pageCount * PAGE_BYTES - at)), at);
  }
  file.writeAt(bitmap, bitmapPage * PAGE_BYTES);
  const register = new SlotRegister(file, checksum, SLOT_LAYOUT);
  for (let slot = 0; slot < SUPERBLOCK_SLOTS; slot++) {
    register.write(encodeSuperblock(superblock));
  }
}

/** Opens the store in `file`, replaying its log. Resolves when what was replayed is durable. */
export async function openStore(
  io: IoAdapter,
  path: string,
  file: IoFile,
  options: EngineOptions,
): Promise<{ engine: Engine; checkpointer: Checkpointer; report: RecoveryReport }> {
  const checksum = new Checksum(io.crc32);
  const register = new SlotRegister(file, checksum, SLOT_LAYOUT);
  const { superblock, damaged } = readSuperblock(file, register, path);
  const identity = identityChecksum(checksum, superblock.identity);
  const start = { sequence: superblock.sequence, chain: superblock.chain };
  const current = extentOf(superblock.current);
  if (superblock.clean && hasBatch(file, checksum, identity, current, start)) {
    throw new CorruptionError(
      "CORRUPT_LOG",
      `Cannot open "${path}": its log changed after a clean close`,
      { path, offset: current.offset },
    );
  }
  // A clean superblock beside a damaged one may be the older of the two: the log has to tell.
  const logged = new LoggedSets();
  let refused: readonly WriteSet[] = [];
  const reading = superblock.clean && damaged.length === 0
    ? { batches: 0, records: 0, position: start, durable: start.sequence, droppedBytes: 0 }
    : scanLog(
      file,
      path,
      checksum,
      identity,
      [current, extentOf(superblock.next)],
      start,
      (records) => {
        const batch = decodeBatch(records);
        const isWhole = batch.every((set) =>
          decodeLogged(file, checksum, set) && areRunsWhole(file, checksum, set) &&
          (set.prepared === undefined || areRunsWhole(file, checksum, set.prepared))
        );
        if (isWhole) logged.add(batch, records.length);
        else refused = batch;
        return isWhole;
      },
    );
  const bitmap = readBitmap(file, path, checksum, superblock);
  const engine = new Engine(io, path, file, register, superblock, bitmap, options);
  const checkpointer = new Checkpointer(engine);
  const { sets } = logged;
  // Runs named by the log are taken before anything is allocated, or replay could write over them.
  for (const set of sets) {
    markRuns(engine, set);
    if (set.prepared !== undefined) markRuns(engine, set.prepared);
  }
  for (const set of refused) leaveRuns(engine, set);
  loadPrepared(engine);
  // Durable after this: the superblock that was read, and every batch that was accepted, if their
  // writes were not lost by a sync that failed; and the mark that the store is in use (row 8). A crash
  // before leaves the slot that was read, or the one before it with all that it names.
  engine.switchSuperblock({ ...superblock, clean: false });
  renewRuns(engine, sets, logged.within(Math.max(0, reading.durable - superblock.sequence)));
  for (const set of sets) {
    engine.space.ensure(16);
    noteTrees(engine, set);
    applyChanges(engine, set);
  }
  holdPrepared(engine);
  engine.log.position.sequence = reading.position.sequence;
  engine.log.position.chain = reading.position.chain;
  const report: RecoveryReport = {
    replayedBatches: reading.batches,
    replayedCommits: reading.records,
    droppedBytes: reading.droppedBytes,
    damagedSlots: damaged,
    cleanClose: superblock.clean,
    inDoubt: Array.from(engine.inDoubt.values(), ({ id }) => id.slice()),
  };
  if (reading.batches > 0 || reading.droppedBytes > 0) {
    // Durable after this: all that was replayed, as an image.
    await checkpointer.start({ exclusive: true });
  }
  engine.log.synced(engine.log.position.sequence);
  return { engine, checkpointer, report };
}

function readSuperblock(
  file: IoFile,
  register: SlotRegister,
  path: string,
): { superblock: Superblock; damaged: readonly number[] } {
  const { value, damaged, ours } = register.read();
  if (!ours) {
    throw new FormatError("NOT_OUR_FILE", `Cannot open "${path}": it is no Holdfast database`, {
      path,
    });
  }
  if (value === undefined || damaged.length > 1) {
    throw new CorruptionError(
      "CORRUPT_SUPERBLOCK",
      `Cannot open "${path}": ${damaged.length} of ${SUPERBLOCK_SLOTS} superblocks are damaged`,
      { path, offset: 0 },
    );
  }
  const superblock = decodeSuperblock(value, path);
  if (superblock.pageCount * PAGE_BYTES > file.size()) {
    throw new CorruptionError(
      "CORRUPT_SUPERBLOCK",
      `Cannot open "${path}": it has ${file.size()} bytes and should have at least ` +
        `${superblock.pageCount * PAGE_BYTES}`,
      { path, offset: file.size() },
    );
  }
  return { superblock, damaged };
}

function readBitmap(
  file: IoFile,
  path: string,
  checksum: Checksum,
  superblock: Superblock,
): Uint32Array {
  const { page, pages, bytes, checksum: expected } = superblock.bitmap;
  const words = (superblock.pageCount + 31) >>> 5;
  const bits = new Uint32Array(words);
  const raw = new Uint8Array(bits.buffer);
  if (bytes === raw.length && bytes <= pages * PAGE_BYTES) {
    const read = file.readAt(raw, page * PAGE_BYTES);
    if (read === bytes && checksum.of(raw, 0, bytes) === expected) return bits;
  }
  throw new CorruptionError(
    "CORRUPT_PAGE",
    `Cannot open "${path}": its free space bitmap does not match its checksum`,
    { path, page, offset: page * PAGE_BYTES },
  );
}

/** Whether all values that a record names by reference are whole; if not, its batch was torn. */
function areRunsWhole(file: IoFile, checksum: Checksum, set: WriteSet): boolean {
  for (const op of referencesIn(set)) {
    if (readRun(file, checksum, set.out.bytes, set.valueAt(op)) === undefined) return false;
  }
  return true;
}

function markRuns(engine: Engine, set: WriteSet): void {
  for (let op = 0; op < set.count; op++) {
    if (set.kind(op) !== PUT_REFERENCE) continue;
    const bytes = set.out.bytes;
    const at = set.valueAt(op);
    const pages = runPages(referenceLength(bytes, at));
    const page = referencePage(bytes, at);
    if (page < SUPERBLOCK_SLOTS || page + pages > engine.file.size() / PAGE_BYTES) {
      throw new CorruptionError(
        "CORRUPT_LOG",
        `Cannot replay "${engine.path}": a record names pages outside the file`,
        { path: engine.path, page },
      );
    }
    if (page + pages > engine.space.pageCount) engine.space.extendTo(page + pages);
    engine.space.markRun(page, pages);
  }
}

/** Tree ids are given out in memory; the catalog entries of the log tell which are taken. */
function noteTrees(engine: Engine, set: WriteSet): void {
  for (let op = 0; op < set.count; op++) {
    if (set.tree(op) !== CATALOG_TREE || set.kind(op) !== PUT) continue;
    const at = set.valueAt(op);
    const { tree } = catalogCodec.decode(set.out.bytes, at, at + set.valueLength(op));
    engine.nextTree = Math.max(engine.nextTree, tree + 1);
  }
}

/** The error of a second opener. */
export function lockedError(path: string): StateError {
  return new StateError("LOCKED", `Cannot open "${path}": another owner has it open`, { path });
}
