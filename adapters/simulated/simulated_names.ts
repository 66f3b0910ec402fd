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
import type { LockTable } from "../shared/lock_table.ts";
import { PagedBytes } from "./simulated_bytes.ts";
import { SimulatedDirectory } from "./simulated_directory.ts";
import { faultError, type FaultOperation } from "./simulated_fault.ts";
import { type FileHost, SimulatedFile } from "./simulated_file.ts";
import { Inode } from "./simulated_inode.ts";

/** What the adapter needs of its disk. */
export interface NamesHost extends FileHost {
  /** The folders by path with a trailing slash. */
  readonly directories: Map<string, SimulatedDirectory>;
  /** The paths that somebody owns or reads; a power cut frees them. */
  readonly locks: LockTable;
  /** Fills with reproducible bytes. */
  random(bytes: Uint8Array): void;
  /** Number for a new file. */
  nextInode(): number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since the first disk of this history was made. */
  monotonic(): number;
}

/** A path in one spelling, taken apart. */
export interface SplitPath {
  /** The folder, with a trailing slash unless empty. */
  readonly directory: string;
  /** The last part. */
  readonly name: string;
  /** Both together. */
  readonly path: string;
}

/** Takes a path apart, without ".", ".." and doubled slashes. There are no symbolic links. */
export function splitPath(path: string): SplitPath {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const name = parts.pop() ?? "";
  const directory = (path.startsWith("/") ? "/" : "") + parts.map((part) => `${part}/`).join("");
  return { directory, name, path: directory + name };
}

/** The adapter of a simulated disk. Every folder exists. */
export class SimulatedNames implements IoAdapter {
  readonly name = "simulated";
  readonly capabilities: IoCapabilities;
  readonly #host: NamesHost;

  /** The adapter of `host`. */
  constructor(host: NamesHost, asyncSync: boolean) {
    this.#host = host;
    this.capabilities = {
      durable: true,
      directorySync: true,
      atomicReplace: true,
      asyncSync,
      lock: "process",
    };
  }

  async open(path: string, mode: IoOpenMode): Promise<IoFile> {
    const at = this.#enter("open", path);
    const directory = this.#directory(at.directory);
    let inode = directory.names.get(at.name);
    if (inode === undefined) {
      if (mode === "read" || mode === "write") throw this.#error("IO_NOT_FOUND", at.path);
      const operation = this.#host.begin(`create ${at.path}`);
      inode = new Inode(this.#host.nextInode(), new PagedBytes());
      directory.create(operation, at.name, inode);
    } else if (mode === "create-new") {
      throw this.#error("IO_EXISTS", at.path);
    }
    return new SimulatedFile(this.#host, inode, at.path, mode !== "read");
  }

  async stat(path: string): Promise<IoStat | undefined> {
    const at = this.#enter("stat", path);
    const inode = this.#directory(at.directory).names.get(at.name);
    return inode === undefined ? undefined : { size: inode.memory.size, links: 1 };
  }

  async list(directory: string): Promise<string[]> {
    const at = this.#enter("list", `${directory}/entry`);
    return [...this.#directory(at.directory).names.keys()].sort();
  }

  async rename(from: string, to: string): Promise<void> {
    const target = splitPath(to);
    const at = splitPath(from);
    if (at.directory !== target.directory) {
      throw new RangeError("rename stays within one folder");
    }
    const operation = this.#host.begin(`rename ${at.path} -> ${target.name}`);
    this.#enter("rename", from);
    const directory = this.#directory(at.directory);
    const inode = directory.names.get(at.name);
    if (inode === undefined) throw this.#error("IO_NOT_FOUND", at.path);
    directory.rename(operation, at.name, target.name, inode);
  }

  async remove(path: string): Promise<void> {
    const operation = this.#host.begin(`remove ${splitPath(path).path}`);
    const at = this.#enter("remove", path);
    const directory = this.#directory(at.directory);
    const inode = directory.names.get(at.name);
    if (inode !== undefined) directory.remove(operation, at.name, inode);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#host.begin(`syncDirectory ${splitPath(path).directory}`);
    const at = this.#enter("syncDirectory", path);
    this.#directory(at.directory).sync();
  }

  async tryLock(path: string, mode: IoLockMode = "exclusive"): Promise<IoLock | undefined> {
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

  #directory(path: string): SimulatedDirectory {
    let directory = this.#host.directories.get(path);
    if (directory === undefined) {
      directory = new SimulatedDirectory();
      this.#host.directories.set(path, directory);
    }
    return directory;
  }

  #enter(operation: FaultOperation, path: string): SplitPath {
    this.#host.alive();
    const at = splitPath(path);
    const fault = this.#host.meet(operation);
    if (fault !== undefined) throw faultError(fault, at.path);
    return at;
  }

  #error(code: ErrorCode, path: string): IoError {
    const why = code === "IO_EXISTS" ? "exists" : "does not exist";
    return new IoError(code, `${path} ${why}`, { path });
  }
}
