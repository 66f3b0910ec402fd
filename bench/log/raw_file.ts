/**
 * The physical limit: `writeSync` of whole buffers, and `fdatasyncSync`, with nothing around the
 * records and nothing to tell a torn one. A durable log overwrites zeros that it wrote 4 MiB ahead,
 * because a sync that also extends the file costs more.
 *
 * @module
 */

import { closeSync, constants, fdatasyncSync, fstatSync, openSync, writeSync } from "node:fs";
import type { LogContestant, LogModule, LogShape, SeeRecord } from "./contestant.ts";
import { readFlat } from "./flat_file.ts";
import { TurnQueue } from "../compare/turn_queue.ts";

const BUFFER_BYTES = 256 * 1024;
const AHEAD_BYTES = 4 * 1024 * 1024;

class RawFile implements LogContestant {
  readonly #path: string;
  readonly #file: number;
  readonly #recordBytes: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #queue: TurnQueue<Uint8Array>;
  #buffered = 0;
  #end: number;
  #zeroed = 0;

  constructor(path: string, { recordBytes }: LogShape) {
    this.#path = path;
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT);
    this.#end = fstatSync(this.#file).size;
    this.#recordBytes = recordBytes;
    this.#queue = new TurnQueue((records) => this.#writeDurable(records));
  }

  appendAll(records: readonly Uint8Array[]): void {
    for (const record of records) this.#add(record);
  }

  flush(): void {
    writeSync(this.#file, this.#buffer, 0, this.#buffered, this.#end);
    this.#end += this.#buffered;
    this.#buffered = 0;
  }

  appendSynced(record: Uint8Array): void {
    this.#zeroAhead(record.length);
    writeSync(this.#file, record, 0, record.length, this.#end);
    this.#end += record.length;
    fdatasyncSync(this.#file);
  }

  appendShared(record: Uint8Array): Promise<void> {
    return this.#queue.add(record);
  }

  replay(from: number, see: SeeRecord): void {
    readFlat(this.#path, this.#recordBytes, from, see, this.#end);
  }

  close(): void {
    closeSync(this.#file);
  }

  #add(record: Uint8Array): void {
    if (this.#buffered + record.length > BUFFER_BYTES) this.flush();
    this.#buffer.set(record, this.#buffered);
    this.#buffered += record.length;
  }

  #writeDurable(records: readonly Uint8Array[]): void {
    this.#zeroAhead(records.length * this.#recordBytes);
    for (const record of records) this.#add(record);
    this.flush();
    fdatasyncSync(this.#file);
  }

  #zeroAhead(bytes: number): void {
    while (this.#end + bytes > this.#zeroed) {
      writeSync(this.#file, new Uint8Array(AHEAD_BYTES), 0, AHEAD_BYTES, this.#zeroed);
      this.#zeroed += AHEAD_BYTES;
      fdatasyncSync(this.#file);
    }
  }
}

/** Never fails: the file system is always here. */
export function load(): Promise<LogModule> {
  return Promise.resolve({
    version: "write + fdatasync",
    tasks: ["append", "synced", "shared", "replay"],
    open: (directory, shape) => Promise.resolve(new RawFile(`${directory}/raw.log`, shape)),
  });
}
