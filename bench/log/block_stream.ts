/**
 * Our `BlockStream`s in files, one after the other: a log without a promise for each record. A full
 * one is followed by a run that is allocated then, inside the clock. A record at the end of a run
 * goes on in the next one. Durable: files of 16 MiB whose space is reserved. Not synced: files of 64
 * MiB whose space is not, and nothing is synced but that they are there.
 *
 * @module
 */

import type { FileBlockAllocator, IoAdapter } from "../../mod.ts";
import { BlockStream, fileBlocks } from "../../mod.ts";
import { ourVersion } from "../our_version.ts";
import { runtimeIo } from "../runtime_io.ts";
import type { LogContestant, LogModule, SeeRecord } from "./contestant.ts";

/** Blocks of 4 KiB in a file. */
const DURABLE_BLOCKS = 4096;
const UNSYNCED_BLOCKS = 16_384;

class BlockLog implements LogContestant {
  readonly #io: IoAdapter;
  readonly #allocator: FileBlockAllocator;
  readonly #streams: BlockStream[];
  readonly #isDurable: boolean;
  #last: BlockStream;

  constructor(
    io: IoAdapter,
    allocator: FileBlockAllocator,
    streams: BlockStream[],
    isDurable: boolean,
  ) {
    this.#io = io;
    this.#allocator = allocator;
    this.#isDurable = isDurable;
    this.#streams = streams;
    this.#last = streams.at(-1)!;
  }

  async appendAll(records: readonly Uint8Array[]): Promise<void> {
    for (const record of records) {
      const taken = this.#last.append(record);
      if (taken < record.length) await this.#spill(record, taken);
    }
  }

  flush(): void {
    this.#last.flush();
  }

  appendSynced(record: Uint8Array): void | Promise<void> {
    const taken = this.#last.append(record);
    if (taken < record.length) return this.#spill(record, taken).then(() => this.#last.sync());
    this.#last.sync();
  }

  replay(from: number, see: SeeRecord): void {
    let number = 0;
    let begun: Uint8Array = new Uint8Array(0);
    for (const stream of this.#streams) {
      const rest = begun.length > 0 ? stream.spilled() : begun;
      if (rest.length > 0 && number++ >= from) {
        const whole = new Uint8Array(begun.length + rest.length);
        whole.set(begun);
        whole.set(rest, begun.length);
        see(whole);
      }
      begun = stream === this.#last ? new Uint8Array(0) : stream.trailing();
      if (number + stream.recordCount <= from) {
        number += stream.recordCount;
        continue;
      }
      for (const record of stream.records()) if (number++ >= from) see(record);
    }
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    await this.#allocator.close();
  }

  /** What a full stream has not taken begins the next one. */
  async #spill(record: Uint8Array, taken: number): Promise<void> {
    if (this.#isDurable) this.#last.sync();
    else this.#last.flush();
    const blocks = await this.#allocator.allocate({ reserve: this.#isDurable });
    this.#last = await BlockStream.open(blocks, { io: this.#io });
    this.#streams.push(this.#last);
    const rest = taken === 0 ? record : record.subarray(taken);
    this.#last.append(rest, { spilled: taken > 0 });
  }
}

/** The library is this repository; the adapter is that of the runtime. */
export async function load(): Promise<LogModule> {
  const io = await runtimeIo();
  return {
    version: ourVersion(),
    tasks: ["append", "synced", "replay"],
    async open(directory, { mode }) {
      const isDurable = mode === "durable";
      const blockCount = isDurable ? DURABLE_BLOCKS : UNSYNCED_BLOCKS;
      const allocator = await fileBlocks(io, directory, { blockCount });
      const runs = await allocator.list();
      if (runs.length === 0) runs.push(await allocator.allocate({ reserve: isDurable }));
      const streams: BlockStream[] = [];
      for (const blocks of runs) streams.push(await BlockStream.open(blocks, { io }));
      return new BlockLog(io, allocator, streams, isDurable);
    },
  };
}
