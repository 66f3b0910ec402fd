/**
 * Files in memory that are damaged, opened and put back as they were, many thousand times.
 */

import { crc32 } from "node:zlib";
import { Prng } from "../../../src/base/prng.ts";
import { LockTable } from "../../../adapters/shared/lock_table.ts";
import { turnScheduler } from "../../../adapters/shared/turn_scheduler.ts";
import { type IoAdapter, IoError, type IoFile, type IoOpenMode } from "../../../mod.ts";

/** Files by path. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What is put back at once. */
const BLOCK_BYTES = 4096;
/** Room for growth, so that most stores never need another buffer. */
const SPARE_BYTES = 256 * 1024;

/** One file. Invariant: its buffer is zero from its size on. */
class DamagedFile {
  readonly base: Uint8Array;
  size: number;
  #buffer: Uint8Array;
  readonly #changed = new Set<number>();

  constructor(base: Uint8Array) {
    this.base = base;
    this.size = base.length;
    this.#buffer = new Uint8Array(base.length + SPARE_BYTES);
    this.#buffer.set(base);
  }

  read(buffer: Uint8Array, offset: number): number {
    const length = Math.max(0, Math.min(buffer.length, this.size - offset));
    buffer.set(this.#buffer.subarray(offset, offset + length));
    return length;
  }

  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    this.#reserve(end);
    this.#buffer.set(bytes, offset);
    this.#note(offset, end);
    if (bytes.length > 0) this.size = Math.max(this.size, end);
  }

  resize(size: number): void {
    this.#reserve(size);
    if (size < this.size) {
      this.#buffer.fill(0, size, this.size);
      this.#note(size, this.size);
    }
    this.size = size;
  }

  /** As it was at first. */
  restore(): void {
    const { base } = this;
    for (const block of this.#changed) {
      const begin = block * BLOCK_BYTES;
      const end = Math.min(begin + BLOCK_BYTES, this.#buffer.length);
      const kept = Math.min(end, Math.max(begin, base.length));
      this.#buffer.set(base.subarray(begin, kept), begin);
      this.#buffer.fill(0, kept, end);
    }
    this.#changed.clear();
    this.size = base.length;
  }

  #reserve(end: number): void {
    if (end <= this.#buffer.length) return;
    const larger = new Uint8Array(2 * end);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  #note(begin: number, end: number): void {
    const last = Math.floor((end - 1) / BLOCK_BYTES);
    for (let block = Math.floor(begin / BLOCK_BYTES); block <= last; block++) {
      this.#changed.add(block);
    }
  }
}

/** A disk of a few files. Clock, entropy and checksums are the same on every runtime. */
export class DamageDisk {
  /** What the stores are opened on. */
  readonly io: IoAdapter;
  /** Called with each part of a file that is read, or written. */
  onUse: ((path: string, use: "read" | "write", begin: number, end: number) => void) | undefined;

  readonly #base: Map<string, DamagedFile>;
  #present: Map<string, DamagedFile>;
  #locks = new LockTable();
  /** Who opened a file before the last restore changes nothing any more. */
  #life = 0;
  #random: Prng;
  readonly #seed: number;

  /** @param seed of its entropy: another one than that of the disk on which the files were made */
  constructor(files: Files, seed: number) {
    this.#seed = seed;
    this.#random = new Prng(seed);
    this.#base = new Map(Array.from(files, ([path, bytes]) => [path, new DamagedFile(bytes)]));
    this.#present = new Map(this.#base);
    this.io = {
      name: "damaged",
      capabilities: {
        durable: false,
        directorySync: false,
        atomicReplace: true,
        asyncSync: false,
        lock: "process",
      },
      open: async (path, mode) => this.#open(path, mode),
      stat: async (path) => {
        const file = this.#present.get(path);
        return file === undefined ? undefined : { size: file.size, links: 1 };
      },
      list: async (directory) => this.#list(directory),
      rename: async (from, to) => this.#rename(from, to),
      remove: async (path) => this.remove(path),
      syncDirectory: async () => {},
      tryLock: async (path, mode = "exclusive") => this.#locks.take(path, mode),
      now: () => 1_700_000_000_000,
      monotonic: () => 0,
      random: (bytes) => this.#random.fill(bytes),
      nextTurn: turnScheduler(),
      crc32: (bytes, value) => crc32(bytes, value),
    };
  }

  /** Every file as it was at first; those that came later are gone, and nobody has a lock. */
  restore(): void {
    this.#present = new Map(this.#base);
    for (const file of this.#base.values()) file.restore();
    this.#locks = new LockTable();
    this.#life++;
    this.#random = new Prng(this.#seed);
  }

  /** The bytes of all files. */
  contents(): Map<string, Uint8Array> {
    return new Map(Array.from(this.#present, ([path]) => [path, this.bytesOf(path)]));
  }

  /** The bytes of a file. */
  bytesOf(path: string): Uint8Array {
    const file = this.#file(path);
    const bytes = new Uint8Array(file.size);
    file.read(bytes, 0);
    return bytes;
  }

  /** Puts bytes over a file. */
  write(path: string, offset: number, bytes: Uint8Array): void {
    this.#file(path).write(bytes, offset);
  }

  /** Cuts a file. */
  truncate(path: string, size: number): void {
    this.#file(path).resize(size);
  }

  /** Removes a file. */
  remove(path: string): void {
    this.#present.delete(path);
  }

  #file(path: string): DamagedFile {
    const file = this.#present.get(path);
    if (file === undefined) throw new IoError("IO_NOT_FOUND", `there is no file ${path}`, { path });
    return file;
  }

  #open(path: string, mode: IoOpenMode): IoFile {
    let file = this.#present.get(path);
    if (file !== undefined && mode === "create-new") {
      throw new IoError("IO_EXISTS", `the file ${path} exists`, { path });
    }
    if (file === undefined) {
      if (mode === "read" || mode === "write") file = this.#file(path);
      else this.#present.set(path, file = new DamagedFile(new Uint8Array(0)));
    }
    const opened = file;
    const life = this.#life;
    return {
      readAt: (buffer, offset) => {
        this.onUse?.(path, "read", offset, offset + buffer.length);
        return opened.read(buffer, offset);
      },
      writeAt: (buffer, offset) => {
        if (life !== this.#life) return;
        this.onUse?.(path, "write", offset, offset + buffer.length);
        opened.write(buffer, offset);
      },
      truncate: (size) => {
        if (life === this.#life) opened.resize(size);
      },
      size: () => opened.size,
      sync: () => {},
      syncAsync: async () => {},
      close: () => {},
    };
  }

  #list(directory: string): string[] {
    const names = new Set<string>();
    for (const path of this.#present.keys()) {
      if (path.startsWith(`${directory}/`)) {
        names.add(path.slice(directory.length + 1).split("/")[0]!);
      }
    }
    return [...names].sort();
  }

  #rename(from: string, to: string): void {
    const file = this.#file(from);
    this.#present.delete(from);
    this.#present.set(to, file);
  }
}
