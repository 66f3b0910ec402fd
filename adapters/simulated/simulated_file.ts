/**
 * An open file of a simulated disk.
 *
 * @module
 */

import { IoError, StateError } from "../../src/errors.ts";
import type { IoFile } from "../../src/io/adapter.ts";
import { type Fault, faultError, type FaultOperation } from "./simulated_fault.ts";
import type { Inode } from "./simulated_inode.ts";

/** What an open file needs of its disk. */
export interface FileHost {
  /** Numbers a mutating call; throws when the power is gone or goes now. */
  begin(text: string): number;
  /** Throws when the power is gone. */
  alive(): void;
  /** The planned fault that this call meets. */
  meet(operation: FaultOperation): Fault | undefined;
  /** Bytes that may still be allocated. */
  free(): number;
  /** A sync passed: lets the clock run. */
  elapse(): void;
  /** Calls back in a later turn of the event loop. */
  turn(callback: () => void): void;
}

/** The handle that `open` returns. */
export class SimulatedFile implements IoFile {
  readonly #host: FileHost;
  readonly #inode: Inode;
  readonly #path: string;
  readonly #writable: boolean;
  #closed = false;

  /** A handle on `inode`, known as `path`. */
  constructor(host: FileHost, inode: Inode, path: string, writable: boolean) {
    this.#host = host;
    this.#inode = inode;
    this.#path = path;
    this.#writable = writable;
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#usable(offset);
    const fault = this.#host.meet("read");
    if (fault !== undefined) throw faultError(fault, this.#path);
    return this.#inode.memory.read(buffer, offset);
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#changeable(offset);
    if (buffer.length === 0) return;
    const operation = this.#host.begin(`write ${this.#path} ${offset}+${buffer.length}`);
    const fault = this.#host.meet("write");
    const fits = this.#inode.memory.fitting(offset, buffer.length, this.#host.free());
    const length = fault === undefined
      ? fits
      : Math.min(fits, fault.shortWrite ?? 0, buffer.length - 1);
    if (length > 0) this.#inode.write(operation, buffer.subarray(0, length), offset);
    if (fault !== undefined) throw faultError(fault, this.#path);
    if (length < buffer.length) {
      throw new IoError("NO_SPACE", `the simulated disk is full: ${this.#path}`, {
        path: this.#path,
        offset: offset + length,
      });
    }
  }

  truncate(size: number): void {
    this.#changeable(size);
    const operation = this.#host.begin(`truncate ${this.#path} ${size}`);
    const fault = this.#host.meet("truncate");
    if (fault !== undefined) throw faultError(fault, this.#path);
    this.#inode.truncate(operation, size);
  }

  size(): number {
    this.#usable(0);
    return this.#inode.memory.size;
  }

  sync(): void {
    this.#changeable(0);
    this.#host.begin(`sync ${this.#path}`);
    this.#finishSync(this.#inode.issued, this.#host.meet("sync"));
  }

  async syncAsync(): Promise<void> {
    this.#changeable(0);
    this.#host.begin(`sync ${this.#path} (started)`);
    const mark = this.#inode.issued;
    const fault = this.#host.meet("sync");
    await new Promise<void>((resolve) => this.#host.turn(resolve));
    this.#host.alive();
    this.#finishSync(mark, fault);
  }

  close(): void {
    this.#closed = true;
  }

  #finishSync(mark: number, fault: Fault | undefined): void {
    this.#host.elapse();
    if (fault === undefined) {
      this.#inode.sync(mark);
      return;
    }
    if (fault.mode === "F2") this.#inode.loseDirty();
    if (fault.mode === "F3") this.#inode.revert();
    throw faultError(fault, this.#path);
  }

  #usable(position: number): void {
    this.#host.alive();
    if (this.#closed) throw new StateError("CLOSED", `${this.#path} was closed`);
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new RangeError(`a position in a file must be an integer from 0, not ${position}`);
    }
  }

  #changeable(position: number): void {
    this.#usable(position);
    if (!this.#writable) {
      throw new IoError("IO_ACCESS", `${this.#path} was opened for reading`, { path: this.#path });
    }
  }
}
