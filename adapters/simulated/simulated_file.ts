/**
 * An open file of a simulated disk.
 *
 * @module
 */

import { IoError, StateError } from "../../src/errors.ts";
import type { IoFile } from "../../src/io/adapter.ts";
import { endedEarlyError, takesNothingError } from "../shared/handle_errors.ts";
import { transfer } from "../shared/transfer.ts";
import { type Fault, faultError, type FaultOperation, isError } from "./simulated_fault.ts";
import type { Inode } from "./simulated_inode.ts";
import { endSync, untilLate } from "./simulated_sync.ts";

/** How far from its place a misdirected write arrives. */
const SHIFT = 4096;

/** What an open file needs of its disk. */
export interface FileHost {
  /** Numbers a mutating call; throws when the power is gone or goes now. */
  begin(text: string): number;
  /** Throws when the power is gone. */
  alive(): void;
  /** The planned fault that this call meets. */
  meet(operation: FaultOperation, path: string): Fault | undefined;
  /** A reproducible number below `limit`. */
  draw(limit: number): number;
  /** The file of that name. */
  find(path: string): Inode | undefined;
  /** Bytes that may still be allocated. */
  free(): number;
  /** A call has ended: lets the clock run. */
  elapse(call: "write" | "sync"): void;
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
    const done = transfer(
      buffer.length,
      (already) => this.#readSome(buffer.subarray(already), offset + already),
    );
    if (done < buffer.length && offset + done < this.#inode.memory.size) {
      throw endedEarlyError(this.#path, offset + done);
    }
    return done;
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.#changeable(offset);
    if (buffer.length === 0) return;
    const operation = this.#host.begin(`write ${this.#path} ${offset}+${buffer.length}`);
    const done = transfer(
      buffer.length,
      (already) => this.#writeSome(operation, buffer.subarray(already), offset + already),
    );
    this.#host.elapse("write");
    if (done === buffer.length) return;
    throw takesNothingError(this.#path, offset + done);
  }

  truncate(size: number): void {
    this.#changeable(size);
    const operation = this.#host.begin(`truncate ${this.#path} ${size}`);
    const fault = this.#host.meet("truncate", this.#path);
    if (fault !== undefined && isError(fault)) throw faultError(fault, this.#path);
    this.#inode.truncate(operation, size);
  }

  size(): number {
    this.#usable(0);
    return this.#inode.memory.size;
  }

  sync(): void {
    this.#changeable(0);
    this.#host.begin(`sync ${this.#path}`);
    this.#endSync(this.#inode.issued, this.#host.meet("sync", this.#path));
  }

  async syncAsync(): Promise<void> {
    this.#changeable(0);
    this.#host.begin(`sync ${this.#path} (started)`);
    const mark = this.#inode.issued;
    const fault = this.#host.meet("sync", this.#path);
    await new Promise<void>((resolve) => this.#host.turn(resolve));
    if (fault?.kind === "late") await untilLate(this.#host, fault);
    this.#host.alive();
    this.#endSync(mark, fault);
  }

  close(): void {
    this.#closed = true;
  }

  #endSync(mark: number, fault: Fault | undefined): void {
    this.#host.elapse("sync");
    endSync(this.#inode, fault, this.#path, () => this.#inode.sync(mark));
  }

  /** One call of the device, which may move fewer bytes. */
  #readSome(buffer: Uint8Array, offset: number): number {
    const fault = this.#host.meet("read", this.#path);
    const { memory } = this.#inode;
    if (fault === undefined) return memory.read(buffer, offset);
    if (isError(fault)) throw faultError(fault, this.#path);
    if (fault.kind === "short") return memory.read(buffer.subarray(0, fault.bytes ?? 0), offset);
    const count = memory.read(buffer, offset);
    if (fault.kind === "flip" && count > 0) {
      const bit = (fault.bit ?? this.#host.draw(8 * count)) % (8 * count);
      const at = Math.floor(bit / 8);
      buffer[at] = (buffer[at] ?? 0) ^ (1 << (bit % 8));
    }
    return count;
  }

  /** One call of the device, which may move fewer bytes. */
  #writeSome(operation: number, buffer: Uint8Array, offset: number): number {
    const fault = this.#host.meet("write", this.#path);
    if (fault?.kind === "lost" || fault?.kind === "misdirected") {
      if (fault.kind === "misdirected") this.#misdirect(fault, buffer, offset);
      const end = offset + buffer.length;
      if (end > this.#inode.memory.size) this.#inode.truncate(operation, end);
      return buffer.length;
    }
    const fails = fault !== undefined && isError(fault);
    const asked = fails
      ? Math.min(fault.shortWrite ?? 0, buffer.length - 1)
      : fault?.kind === "short"
      ? Math.min(fault.bytes ?? 0, buffer.length)
      : buffer.length;
    const taken = this.#inode.memory.fitting(offset, asked, this.#host.free());
    if (taken > 0) this.#inode.write(operation, buffer.subarray(0, taken), offset);
    if (fails) throw faultError(fault, this.#path);
    if (taken === asked) return taken;
    throw new IoError("NO_SPACE", `the simulated disk is full: ${this.#path}`, {
      path: this.#path,
      offset: offset + taken,
    });
  }

  #misdirect(fault: Fault, bytes: Uint8Array, offset: number): void {
    const target = fault.to === undefined ? this.#inode : this.#host.find(fault.to);
    target?.overwrite(offset + (fault.shift ?? (fault.to === undefined ? SHIFT : 0)), bytes);
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
