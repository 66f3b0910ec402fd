/**
 * The namespace, clock and entropy of a simulated disk, as an adapter.
 *
 * @module
 */

import { type ErrorCode, IoError } from "../../src/errors.ts";
import type {
  IoAdapter,
  IoCapabilities,
  IoFile,
  IoLock,
  IoLockMode,
  IoOpenMode,
  IoStat,
} from "../../src/io/adapter.ts";
import { checkLockMode, checkMode, checkPath } from "../shared/argument.ts";
import type { LockTable } from "../shared/lock_table.ts";
import type { SimulatedDirectory } from "./simulated_directory.ts";
import { faultError, type FaultOperation, isError } from "./simulated_fault.ts";
import { type FileHost, SimulatedFile } from "./simulated_file.ts";
import type { Inode } from "./simulated_inode.ts";
import { type SplitPath, splitPath } from "./simulated_path.ts";
import { endSync, untilLate } from "./simulated_sync.ts";

/** What the adapter needs of its disk. */
export interface NamesHost extends FileHost {
  /** The folder of a path with a trailing slash. */
  directory(path: string): SimulatedDirectory;
  /** The paths that somebody owns or reads; a power cut frees them. */
  readonly locks: LockTable;
  /** Fills with reproducible bytes. */
  random(bytes: Uint8Array): void;
  /** A new empty file for a folder. */
  newFile(directory: SimulatedDirectory): Inode;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since the first disk of this history was made. */
  monotonic(): number;
}

/** The adapter of a simulated disk. Every folder exists. */
export class SimulatedNames implements IoAdapter {
  readonly name = "simulated";
  readonly capabilities: IoCapabilities;
  readonly crc32?: NonNullable<IoAdapter["crc32"]>;
  readonly digest?: NonNullable<IoAdapter["digest"]>;
  readonly #host: NamesHost;

  /** The adapter of `host`. */
  constructor(
    host: NamesHost,
    asyncSync: boolean,
    checksums: Pick<IoAdapter, "crc32" | "digest"> = {},
  ) {
    this.#host = host;
    if (checksums.crc32 !== undefined) this.crc32 = checksums.crc32;
    if (checksums.digest !== undefined) this.digest = checksums.digest;
    this.capabilities = {
      durable: true,
      directorySync: true,
      atomicReplace: true,
      asyncSync,
      lock: "process",
    };
  }

  async open(path: string, mode: IoOpenMode): Promise<IoFile> {
    checkMode(mode);
    const at = this.#enter("open", path);
    const directory = this.#host.directory(at.directory);
    let inode = directory.names.get(at.name);
    if (inode === undefined) {
      if (mode === "read" || mode === "write") throw this.#error("IO_NOT_FOUND", at.path);
      const operation = this.#host.begin(`create ${at.path}`);
      inode = this.#host.newFile(directory);
      directory.create(operation, at.name, inode);
    } else if (mode === "create-new") {
      throw this.#error("IO_EXISTS", at.path);
    }
    return new SimulatedFile(this.#host, inode, at.path, mode !== "read");
  }

  async stat(path: string): Promise<IoStat | undefined> {
    const at = this.#enter("stat", path);
    const inode = this.#host.directory(at.directory).names.get(at.name);
    return inode === undefined ? undefined : { size: inode.memory.size, links: 1 };
  }

  async list(directory: string): Promise<string[]> {
    checkPath(directory);
    this.#host.alive();
    const folder = splitPath(`${directory}/entry`).directory;
    this.#meet("list", splitPath(folder).path);
    return [...this.#host.directory(folder).names.keys()].sort();
  }

  async rename(from: string, to: string): Promise<void> {
    checkPath(from);
    checkPath(to);
    const target = splitPath(to);
    const at = splitPath(from);
    if (at.directory !== target.directory) {
      throw new RangeError("rename stays within one folder");
    }
    const operation = this.#host.begin(`rename ${at.path} -> ${target.name}`);
    this.#enter("rename", from);
    const directory = this.#host.directory(at.directory);
    const inode = directory.names.get(at.name);
    if (inode === undefined) throw this.#error("IO_NOT_FOUND", at.path);
    directory.rename(operation, at.name, target.name, inode);
  }

  async remove(path: string): Promise<void> {
    checkPath(path);
    const operation = this.#host.begin(`remove ${splitPath(path).path}`);
    const at = this.#enter("remove", path);
    const directory = this.#host.directory(at.directory);
    const inode = directory.names.get(at.name);
    if (inode !== undefined) directory.remove(operation, at.name, inode);
  }

  async syncDirectory(path: string): Promise<void> {
    checkPath(path);
    const folder = splitPath(path).directory;
    this.#host.begin(`syncDirectory ${folder}`);
    const fault = this.#host.meet("syncDirectory", splitPath(folder).path);
    const directory = this.#host.directory(folder);
    const mark = directory.issued;
    // Otherwise at once: between two jobs the power may go.
    if (fault?.kind === "late") await untilLate(this.#host, fault);
    endSync(directory, fault, folder, () => directory.sync(mark));
  }

  async tryLock(path: string, mode: IoLockMode = "exclusive"): Promise<IoLock | undefined> {
    checkPath(path);
    checkLockMode(mode);
    this.#host.alive();
    return this.#host.locks.take(splitPath(path).path, mode);
  }

  now(): number {
    return this.#host.now();
  }

  monotonic(): number {
    return this.#host.monotonic();
  }

  random(bytes: Uint8Array): void {
    this.#host.random(bytes);
  }

  nextTurn(callback: () => void): void {
    this.#host.turn(callback);
  }

  #enter(operation: FaultOperation, path: string): SplitPath {
    checkPath(path);
    this.#host.alive();
    const at = splitPath(path);
    this.#meet(operation, at.path);
    return at;
  }

  #meet(operation: FaultOperation, path: string): void {
    const fault = this.#host.meet(operation, path);
    if (fault !== undefined && isError(fault)) throw faultError(fault, path);
  }

  #error(code: ErrorCode, path: string): IoError {
    const why = code === "IO_EXISTS" ? "exists" : "does not exist";
    return new IoError(code, `${path} ${why}`, { path });
  }
}
