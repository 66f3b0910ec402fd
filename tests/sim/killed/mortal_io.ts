/** An adapter for one process that is killed on a disk that lives on. */

import type {
  IoAdapter,
  IoCapabilities,
  IoFile,
  IoLock,
  IoOpenMode,
  IoStat,
} from "../../../src/io/adapter.ts";
import { IoError } from "../../../src/errors.ts";

/**
 * Passes calls on until the process dies: of the call that kills it and of all later ones nothing
 * reaches the disk. Its locks are nobody else's business: one process lives at a time.
 */
export class MortalIo implements IoAdapter {
  readonly name = "mortal";
  readonly capabilities: IoCapabilities;
  readonly #io: IoAdapter;
  #left: number;

  /** A process that lives for so many changing calls. */
  constructor(io: IoAdapter, calls: number) {
    this.#io = io;
    this.#left = calls;
    this.capabilities = io.capabilities;
  }

  get isDead(): boolean {
    return this.#left < 0;
  }

  kill(): void {
    this.#left = -1;
  }

  async open(path: string, mode: IoOpenMode): Promise<IoFile> {
    this.#pass(mode.startsWith("create"));
    const file = await this.#io.open(path, mode);
    return {
      readAt: (buffer, offset) => this.#pass(false) ?? file.readAt(buffer, offset),
      writeAt: (buffer, offset) => this.#pass(true) ?? file.writeAt(buffer, offset),
      truncate: (size) => this.#pass(true) ?? file.truncate(size),
      size: () => this.#pass(false) ?? file.size(),
      sync: () => this.#pass(true) ?? file.sync(),
      syncAsync: async () => {
        this.#pass(true);
        await file.syncAsync();
        this.#pass(false);
      },
      close: () => file.close(),
    };
  }

  async stat(path: string): Promise<IoStat | undefined> {
    this.#pass(false);
    return await this.#io.stat(path);
  }

  async list(directory: string): Promise<string[]> {
    this.#pass(false);
    return await this.#io.list(directory);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#pass(true);
    await this.#io.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.#pass(true);
    await this.#io.remove(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#pass(true);
    await this.#io.syncDirectory(path);
  }

  tryLock(path: string): Promise<IoLock> {
    this.#pass(false);
    return Promise.resolve({ path, release: () => {} });
  }

  now(): number {
    return this.#io.now();
  }

  monotonic(): number {
    return this.#io.monotonic();
  }

  random(bytes: Uint8Array): void {
    this.#io.random(bytes);
  }

  nextTurn(callback: () => void): void {
    this.#io.nextTurn(callback);
  }

  /** Throws when the process is dead, or dies of this call. */
  #pass(isChange: boolean): undefined {
    if (isChange && this.#left >= 0) this.#left--;
    if (this.isDead) throw new IoError("IO_FAILED", "the process was killed");
    return undefined;
  }
}
