/**
 * The parts of one open store, wired together. Everything above works on these; nothing here
 * decides anything.
 *
 * @module
 */

import { Checksum } from "../base/checksum.ts";
import { LogWriter } from "../block/log_writer.ts";
import type { IoAdapter, IoFile } from "../io/adapter.ts";
import type { SlotRegister } from "../journal/slot_register.ts";
import { Announcements } from "./commit/announcements.ts";
import { BTree } from "./tree/btree.ts";
import { FreeSpace } from "./space/free_space.ts";
import { GuardedFile, Health } from "./health.ts";
import { InDoubt } from "./two_phase/in_doubt.ts";
import { OverflowStore } from "./page/overflow.ts";
import { Pager } from "./page/pager.ts";
import { PreparedSets } from "./two_phase/prepared_sets.ts";
import { ROOTS_TREE, States } from "./tree/state.ts";
import { encodeSuperblock, extentOf, type PageRun, type Superblock } from "./superblock.ts";
import { ValuePool } from "./page/value_pool.ts";

/** Settings of an open store, with defaults applied. */
export interface EngineOptions {
  /** Page cache budget. */
  readonly cacheBytes: number;
  /** Size to which log extents grow. */
  readonly logBytes: number;
  /** Quota of the file. */
  readonly maxBytes: number;
  /** How much of the newest changes is kept in memory. */
  readonly retainChangeBytes: number;
}

/** An open store. */
export class Engine {
  readonly io: IoAdapter;
  readonly path: string;
  readonly options: EngineOptions;
  readonly health: Health;
  readonly file: GuardedFile;
  readonly checksum: Checksum;
  readonly register: SlotRegister;
  readonly space: FreeSpace;
  readonly pager: Pager;
  readonly overflow: OverflowStore;
  readonly tree: BTree;
  readonly states: States;
  readonly log: LogWriter;
  readonly pool: ValuePool = new ValuePool();
  readonly announcements: Announcements;
  /** Runs written for values that are not committed yet: first page to page count. */
  readonly reserved: Map<number, number> = new Map();
  /** Transactions in doubt, as of the newest sequenced commit: what is locked. */
  readonly inDoubt: InDoubt = new InDoubt();
  /** Transactions in doubt, as of the newest applied commit: whose pages are in use. */
  readonly prepared: PreparedSets = new PreparedSets();
  /** The next serial number of trees that have given some since opening. */
  readonly serials: Map<number, number> = new Map();
  /**
   * Stays there for ever. When no cursor is there at a garbage collection, V8 lets go of their hidden
   * class and of all code compiled for it: later scans took twice as long.
   */
  closedCursor: unknown;
  /** The run for the next free space bitmap; the old one takes its place. */
  spareBitmap: PageRun | undefined;
  /** The run of the bitmap that the superblock names which is being made durable. */
  comingBitmap: PageRun | undefined;
  /** A log extent taken before the checkpoint that is going to name it instead of one in use. */
  spareExtent: PageRun | undefined;
  /** Pages that applying sequenced commits may take: reserved, so that it cannot run out of space. */
  promisedPages = 0;
  /** The superblock that is on disk. */
  superblock: Superblock;
  /** Id of the next new tree. */
  nextTree: number;
  /** Called when a commit that drops a structure is applied. */
  onDrop: () => void = () => {};
  /** Called when a checkpoint has let pages go. */
  onSettle: () => void = () => {};

  /** Wires a store whose superblock and free space bitmap were read. */
  constructor(
    io: IoAdapter,
    path: string,
    file: IoFile,
    register: SlotRegister,
    superblock: Superblock,
    bitmap: Uint32Array,
    options: EngineOptions,
  ) {
    this.io = io;
    this.path = path;
    this.options = options;
    this.superblock = superblock;
    this.nextTree = superblock.nextTree;
    this.register = register;
    this.health = new Health(path);
    this.file = new GuardedFile(file, this.health);
    this.checksum = new Checksum(io.crc32);
    const growth = { writeAt: this.file.grow.bind(this.file) };
    this.space = new FreeSpace(growth, bitmap, superblock.pageCount, options.maxBytes);
    this.space.logPages = superblock.current.pages + superblock.next.pages;
    this.pager = new Pager(
      this.file,
      path,
      this.checksum,
      this.space,
      options.cacheBytes,
      superblock.epoch + 1,
      ROOTS_TREE,
    );
    this.overflow = new OverflowStore(this.file, path, this.checksum, this.pager);
    this.tree = new BTree(this.pager, this.overflow);
    this.states = new States(this.tree, { id: ROOTS_TREE, epoch: 0, ...superblock.roots });
    this.announcements = new Announcements(this);
    this.log = new LogWriter(
      this.file,
      this.checksum,
      identityChecksum(this.checksum, superblock.identity),
      extentOf(superblock.current),
      { sequence: superblock.sequence, chain: superblock.chain },
    );
  }

  /**
   * Makes a superblock the newest one. Durable when it returns: the superblock, and all that was
   * written before. After a failure the one before is the newest, in the file as on the medium.
   */
  switchSuperblock(superblock: Superblock): void {
    this.register.write(encodeSuperblock(superblock));
    try {
      this.file.sync();
    } catch (error) {
      this.register.takeBack();
      throw error;
    }
    this.superblock = superblock;
  }

  /** A random u64. */
  randomSalt(): bigint {
    const bytes = new Uint8Array(8);
    this.io.random(bytes);
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }
}

/** Seed of all log checksums: batches of another store are never valid here. */
export function identityChecksum(checksum: Checksum, identity: Uint8Array): number {
  return checksum.of(identity, 0, identity.length);
}
