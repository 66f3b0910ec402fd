/**
 * Blocks in files: a sequence of files of one folder, one for each run, and a head that says which
 * of them are live. `log.head`, `log.head.lock`, `log-0000000000000001.blocks`, ...
 *
 * Opening. `first` and `next` are those of the head; "file n" is the file of run n.
 *
 * | #  | found                                   | done                                               |
 * | -- | --------------------------------------- | -------------------------------------------------- |
 * | 1  | no head, no files                       | head created beside it, synced, renamed            |
 * | 2  | no head, but files                      | `CORRUPT_BLOCKS`: the head was lost                |
 * | 3  | a head without our magic                | `NOT_OUR_FILE`                                     |
 * | 4  | no slot of the head intact              | `CORRUPT_BLOCKS`                                   |
 * | 5  | head or file of a newer format          | `FORMAT_NEWER`                                     |
 * | 6  | another block size than asked for       | `TYPE_MISMATCH`                                    |
 * | 7  | a draft (`.new`)                        | removed: its creation did not end                  |
 * | 8  | file n, n < first                       | removed: its release did not end                   |
 * | 9  | file `next`, whole                      | adopted: made, not yet noted in the head           |
 * | 10 | files missing before the last file, or before `next` | `CORRUPT_BLOCKS`: a gap               |
 * | 11 | a slot of the head damaged              | it may be one step old: file `first` may be missing |
 * | 12 | a file of another sequence, or of none  | `NOT_OUR_FILE`                                     |
 * | 13 | a file of another run, size or block size, or empty, or with a damaged header | `CORRUPT_BLOCKS` |
 * | 14 | any other name                          | left alone                                         |
 *
 * Rows 10, 12 and 13 with `onDamage: "omit"`: the runs that are missing or damaged are left out, and
 * so they are every time. Their files stay until a later run is released.
 *
 * Crashes. A file appears under its name whole and durable, and the head counts it next: a crash
 * between leaves row 9, one before it row 7. A release is one write of the head: a crash after it
 * leaves row 8. A torn write of the head leaves row 11, and the step that it was for undone.
 *
 * @module
 */

import { Checksum } from "../base/checksum.ts";
import { CorruptionError, FormatError, type HoldfastError, StateError } from "../errors.ts";
import type { IoAdapter, IoLock } from "../io/adapter.ts";
import { makeBlockFile, readBlockFile, RUN_OFFSET } from "./block_file.ts";
import {
  type AllocateOptions,
  type BlockAllocator,
  type BlockShape,
  checkShape,
} from "./blocks.ts";
import { takeLock } from "../journal/owned_file.ts";
import type { RunPlace } from "./run.ts";
import { type LiveRun, RunList, type RunSource } from "./run_list.ts";
import { createHead, HeadFile, type SequenceHead } from "./sequence_head.ts";

/** The size of runs where nobody says: 4096 blocks of 4 KiB, so 16 MiB. */
const DEFAULT_SHAPE: BlockShape = { blockBytes: 4096, blockCount: 4096 };

/** How to open blocks in files. */
export interface FileBlocksOptions {
  /**
   * The name of the sequence in its folder: 1 to 64 lower case letters, digits, "_" and "-". Default
   * "blocks".
   */
  readonly name?: string;
  /** Bytes of a block. Default: that of the sequence; 4096 for a new one. */
  readonly blockBytes?: number;
  /** Blocks of the runs to be allocated. Default: that of the sequence; 4096 for a new one. */
  readonly blockCount?: number;
  /**
   * What becomes of a run whose file is missing or damaged: opening fails, or `list` goes without it.
   * Default "error".
   */
  readonly onDamage?: "error" | "omit";
}

/** A run that is left out. */
export interface OmittedRun {
  /** Its id. */
  readonly id: number;
  /** Why. */
  readonly problem: HoldfastError;
}

/** An allocator of runs in files. */
export interface FileBlockAllocator extends BlockAllocator {
  /** The runs that `onDamage: "omit"` left out when it was opened. */
  readonly omitted: readonly OmittedRun[];
}

/**
 * An allocator whose runs are files in a folder, which must exist; any number of sequences share it
 * by name. The one who opens it owns the sequence until `close`, or until the process ends, however
 * it ends. Every open run holds a file descriptor.
 *
 * ```ts
 * import { fileBlocks } from "@holdfast/holdfast";
 * import { memoryIo } from "@holdfast/holdfast/adapters/memory";
 *
 * const io = memoryIo();
 * const blocks = await fileBlocks(io, "/data", { name: "log", blockBytes: 4096, blockCount: 16 });
 * const run = await blocks.allocate();
 * run.writeAt(new Uint8Array([1, 2, 3]), 0);
 * run.sync();
 * await blocks.close();
 *
 * const again = await fileBlocks(io, "/data", { name: "log" });
 * console.log((await again.list()).map((run) => run.id)); // [1]
 * await again.close();
 * ```
 *
 * @throws {RangeError} if the name or the shape is outside its bounds
 * @throws {StateError} `LOCKED`: it has an owner; `TYPE_MISMATCH`: its blocks have another size
 * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
 * @throws {CorruptionError} `CORRUPT_BLOCKS`: a file is missing or damaged; nothing was changed
 * @throws {IoError} `NO_SPACE`, `IO_*`
 */
export async function fileBlocks(
  io: IoAdapter,
  directory: string,
  { name = "blocks", blockBytes, blockCount, onDamage = "error" }: FileBlocksOptions = {},
): Promise<FileBlockAllocator> {
  if (!/^[a-z0-9_-]{1,64}$/.test(name)) {
    throw new RangeError(
      `A name of blocks is 1 to 64 of lower case letters, digits, "_" and "-", not "${name}"`,
    );
  }
  if (onDamage !== "error" && onDamage !== "omit") {
    throw new TypeError('The option onDamage is "error" or "omit"');
  }
  checkShape({
    blockBytes: blockBytes ?? DEFAULT_SHAPE.blockBytes,
    blockCount: blockCount ?? DEFAULT_SHAPE.blockCount,
  });
  const path = `${directory}/${name}.head`;
  const lock = await takeLock(io, path);
  const files = new BlockFiles(io, directory, name, lock);
  try {
    const { runs, omitted } = await files.load({ blockBytes, blockCount }, onDamage === "omit");
    return Object.assign(runs, { omitted });
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** A shape as it was asked for. */
type AskedShape = { readonly [Field in keyof BlockShape]: BlockShape[Field] | undefined };

/** The files of one sequence, locked. */
class BlockFiles implements RunSource {
  readonly #io: IoAdapter;
  readonly #directory: string;
  readonly #name: string;
  readonly #lock: IoLock;
  readonly #checksum: Checksum;
  #file: HeadFile | undefined;
  #head: SequenceHead = { ...DEFAULT_SHAPE, identity: new Uint8Array(16), first: 1, next: 1 };
  #poison: { readonly cause: unknown } | undefined;

  constructor(io: IoAdapter, directory: string, name: string, lock: IoLock) {
    this.#io = io;
    this.#directory = directory;
    this.#name = name;
    this.#lock = lock;
    this.#checksum = new Checksum(io.crc32);
  }

  /** The table of the module's text. */
  async load(asked: AskedShape, omits: boolean): Promise<LoadedFiles> {
    const { path } = this.#lock;
    const { ids, drafts } = await this.#scan();
    if (await this.#io.stat(path) === undefined) {
      if (ids.length > 0) throw this.#missing("its head");
      await this.#create({
        blockBytes: asked.blockBytes ?? DEFAULT_SHAPE.blockBytes,
        blockCount: asked.blockCount ?? DEFAULT_SHAPE.blockCount,
      });
    }
    this.#file = new HeadFile(await this.#io.open(path, "write"), this.#checksum);
    const { head, stale } = await this.#file.read(path);
    const shape = this.#shapeOf(head, asked);
    this.#head = liveRange(head, ids, stale);
    const { live, omitted } = await this.#openRuns(ids);
    try {
      if (!omits && omitted[0] !== undefined) throw omitted[0].problem;
      // Durable after these: the names that the head counts, and the head.
      await this.#io.syncDirectory(path);
      await this.#writeHead(this.#head);
      for (const draft of drafts) await this.#io.remove(draft);
      for (const id of ids) if (id < this.#head.first) await this.remove(id);
      return { runs: new RunList(this, shape, live, this.#head.next), omitted };
    } catch (error) {
      for (const { place } of live) place.storage.close();
      throw error;
    }
  }

  async create(id: number, shape: BlockShape, options: AllocateOptions): Promise<RunPlace> {
    this.#check();
    const path = this.#pathOf(id);
    const draft = `${path}.new`;
    await this.#io.remove(draft);
    let place: RunPlace;
    try {
      const file = await this.#io.open(draft, "create-new");
      try {
        const header = { ...shape, id, identity: this.#head.identity };
        await makeBlockFile(this.#io, file, this.#checksum, header, options);
      } finally {
        // Some systems rename no open file.
        file.close();
      }
      await this.#io.rename(draft, path);
      place = await this.open(id);
    } catch (error) {
      // What this leaves, should it fail too, is row 7 or 9: the first failure is the one to tell.
      await this.#undo(draft, path).catch(() => {});
      throw error;
    }
    try {
      await this.#durably(async () => {
        // Durable after this: the name.
        await this.#io.syncDirectory(path);
        await this.#writeHead({ ...this.#head, next: id + 1 });
      });
    } catch (error) {
      place.storage.close();
      throw error;
    }
    return place;
  }

  /** Removes a run that the head does not count. */
  async #undo(draft: string, path: string): Promise<void> {
    await this.#io.remove(draft);
    await this.#io.remove(path);
    // Durable after this: neither name comes back.
    await this.#io.syncDirectory(path);
  }

  async open(id: number): Promise<RunPlace> {
    return (await this.#openRun(id)).place;
  }

  async forget(id: number): Promise<void> {
    this.#check();
    await this.#durably(() => this.#writeHead({ ...this.#head, first: id + 1 }));
  }

  async remove(id: number): Promise<void> {
    await this.#io.remove(this.#pathOf(id));
  }

  async close(): Promise<void> {
    this.#file?.close();
    this.#lock.release();
  }

  #pathOf(id: number): string {
    return `${this.#directory}/${this.#name}-${String(id).padStart(16, "0")}.blocks`;
  }

  async #scan(): Promise<{ readonly ids: number[]; readonly drafts: string[] }> {
    const ours = new RegExp(`^${this.#name}-(\\d{16})\\.blocks(\\.new)?$`);
    const ids: number[] = [];
    const drafts: string[] = [];
    for (const entry of await this.#io.list(this.#directory)) {
      const match = ours.exec(entry);
      if (match === null) continue;
      if (match[2] !== undefined) drafts.push(`${this.#directory}/${entry}`);
      else if (isId(Number(match[1]))) ids.push(Number(match[1]));
    }
    return { ids, drafts };
  }

  async #create(shape: BlockShape): Promise<void> {
    const identity = new Uint8Array(16);
    this.#io.random(identity);
    const head = { ...shape, identity, first: 1, next: 1 };
    await createHead(this.#io, this.#lock.path, this.#checksum, head);
  }

  /** Row 6. */
  #shapeOf(
    head: SequenceHead,
    { blockBytes = head.blockBytes, blockCount }: AskedShape,
  ): BlockShape {
    if (blockBytes !== head.blockBytes) {
      const { path } = this.#lock;
      throw new StateError(
        "TYPE_MISMATCH",
        `Cannot open "${path}" with blocks of ${blockBytes} bytes: its own have ${head.blockBytes}`,
        { path },
      );
    }
    const shape = { blockBytes, blockCount: blockCount ?? head.blockCount };
    checkShape(shape);
    return shape;
  }

  /** Rows 10, 12 and 13. A gap in the ids takes no time, however long it is. */
  async #openRuns(
    ids: readonly number[],
  ): Promise<{ readonly live: LiveRun[]; readonly omitted: OmittedRun[] }> {
    const { first, next } = this.#head;
    const live: LiveRun[] = [];
    const omitted: OmittedRun[] = [];
    const note = (id: number, before: number): void => {
      const what = before === id + 1 ? `run ${id}` : `the runs ${id} to ${before - 1}`;
      omitted.push({ id, problem: this.#missing(what) });
    };
    let expected = first;
    try {
      for (const id of ids) {
        if (id < first) continue;
        if (id > expected) note(expected, id);
        expected = id + 1;
        try {
          live.push(await this.#openRun(id));
        } catch (error) {
          if (!isDamage(error)) throw error;
          omitted.push({ id, problem: error });
        }
      }
    } catch (error) {
      for (const { place } of live) place.storage.close();
      throw error;
    }
    if (expected < next) note(expected, next);
    return { live, omitted };
  }

  async #openRun(id: number): Promise<LiveRun> {
    const path = this.#pathOf(id);
    const file = await this.#io.open(path, "write");
    try {
      const { identity, blockBytes } = this.#head;
      const shape = readBlockFile(file, path, this.#checksum, { id, identity, blockBytes });
      return { ...shape, id, place: { storage: file, offset: RUN_OFFSET, path } };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async #writeHead(head: SequenceHead): Promise<void> {
    await this.#file?.write(head);
    this.#head = head;
  }

  /** After a failure nobody knows what is durable, and a second try could lie about it. */
  async #durably(change: () => Promise<void>): Promise<void> {
    try {
      await change();
    } catch (error) {
      this.#poison ??= { cause: error };
      throw error;
    }
  }

  #check(): void {
    if (this.#poison === undefined) return;
    const { path } = this.#lock;
    throw new StateError(
      "POISONED",
      `Cannot change the blocks of "${path}": an earlier write or sync failed; open them again`,
      { path, cause: this.#poison.cause },
    );
  }

  #missing(what: string): CorruptionError {
    const { path } = this.#lock;
    return new CorruptionError("CORRUPT_BLOCKS", `Cannot open "${path}": ${what} is missing`, {
      path,
    });
  }
}

/** Ids are those that a head can count up to. */
function isId(id: number): boolean {
  return id > 0 && id < Number.MAX_SAFE_INTEGER;
}

/** What opening found. */
interface LoadedFiles {
  readonly runs: RunList;
  readonly omitted: readonly OmittedRun[];
}

/** The head with what rows 9 to 11 add to it. */
function liveRange(head: SequenceHead, ids: readonly number[], stale: boolean): SequenceHead {
  const isReleased = stale && head.first < head.next && !ids.includes(head.first);
  return {
    ...head,
    first: isReleased ? head.first + 1 : head.first,
    next: Math.max(head.next, (ids.at(-1) ?? 0) + 1),
  };
}

/** Whether a file is missing something, rather than not to be had now or by this version. */
function isDamage(error: unknown): error is HoldfastError {
  return error instanceof CorruptionError ||
    error instanceof FormatError && error.code === "NOT_OUR_FILE";
}
