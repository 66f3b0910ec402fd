/**
 * Where a backup goes: a file that gets its name when it is whole, or a stream.
 *
 * @module
 */

import { IoError } from "../../errors.ts";
import type { IoAdapter, IoFile } from "../../io/adapter.ts";
import { lockStore } from "../store_file.ts";

/** Takes the bytes of a backup in order. */
export interface BackupTarget {
  /** Takes a chunk, which it owns from now on. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes were written. Resolves when they are where they belong. */
  finish(): Promise<void>;
  /** The backup failed: leaves nothing that could be taken for one. Does not reject. */
  abandon(reason: unknown): Promise<void>;
}

/**
 * A new file, under a temporary name until it is whole and durable. Crash argument: before the
 * rename there is only a stray file with a random name that ends in `.new`; the rename follows the
 * sync of the contents, so the name never stands for less than all of them.
 */
export class FileTarget implements BackupTarget {
  readonly #io: IoAdapter;
  readonly #path: string;
  readonly #building: string;
  readonly #file: IoFile;
  #offset = 0;

  private constructor(io: IoAdapter, path: string, building: string, file: IoFile) {
    this.#io = io;
    this.#path = path;
    this.#building = building;
    this.#file = file;
  }

  /**
   * Begins a file.
   * @throws {IoError} `ALREADY_EXISTS`, `IO_*`
   */
  static async create(io: IoAdapter, path: string): Promise<FileTarget> {
    await refuseExisting(io, path);
    const building = await temporaryName(io, path);
    return new FileTarget(io, path, building, await io.open(building, "create-new"));
  }

  write(chunk: Uint8Array): Promise<void> {
    this.#file.writeAt(chunk, this.#offset);
    this.#offset += chunk.length;
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    // Durable after this: the contents, under the temporary name.
    await this.#file.syncAsync();
    this.#file.close();
    await publish(this.#io, this.#building, this.#path);
  }

  async abandon(): Promise<void> {
    this.#file.close();
    // What failed before is the reason the caller hears; a file that cannot be removed is stray.
    await this.#io.remove(this.#building).catch(() => {});
  }
}

/** Throws `ALREADY_EXISTS` when there is a file. */
export async function refuseExisting(io: IoAdapter, path: string): Promise<void> {
  if (await io.stat(path) === undefined) return;
  throw new IoError("ALREADY_EXISTS", `Cannot write "${path}": it exists`, { path });
}

/** A name beside `path` that nobody else uses. */
export async function temporaryName(io: IoAdapter, path: string): Promise<string> {
  const random = new Uint8Array(6);
  for (;;) {
    io.random(random);
    const suffix = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const name = `${path}.${suffix}.new`;
    if (await io.stat(name) === undefined) return name;
  }
}

/**
 * Gives a whole and durable store its name, under the lock of that name: nobody opens or creates
 * what is being replaced.
 * @throws {StateError} `LOCKED`
 * @throws {IoError} `ALREADY_EXISTS`, `IO_*`
 */
export async function publish(io: IoAdapter, building: string, path: string): Promise<void> {
  const lock = await lockStore(io, path, { create: true, readOnly: false });
  try {
    await refuseExisting(io, path);
    await io.rename(building, path);
    // Durable after this: the name.
    await io.syncDirectory(path);
  } finally {
    lock.release();
  }
}

/** A stream, which is closed at the end and aborted when the backup fails. */
export class StreamTarget implements BackupTarget {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stopped: Promise<never>;

  /**
   * Takes the stream over.
   * @param stopped rejects when the backup is to end, also while the stream takes nothing
   * @throws {TypeError} when the stream is locked
   */
  constructor(stream: WritableStream<Uint8Array>, stopped: Promise<never>) {
    this.#writer = stream.getWriter();
    this.#stopped = stopped;
    // A failure of the stream is met by the write or the close that follows it.
    this.#writer.closed.catch(() => {});
  }

  async write(chunk: Uint8Array): Promise<void> {
    await Promise.race([this.#writer.ready, this.#stopped]);
    this.#writer.write(chunk).catch(() => {});
  }

  async finish(): Promise<void> {
    await Promise.race([this.#writer.close(), this.#stopped]);
    this.#writer.releaseLock();
  }

  abandon(reason: unknown): Promise<void> {
    // Not awaited: a stream that hangs hangs in its abort, too.
    this.#writer.abort(reason).catch(() => {});
    this.#writer.releaseLock();
    return Promise.resolve();
  }
}
