/**
 * Our `BlockStream`s in files of 16 MiB, one after the other: a log without a promise for each
 * record. A full one is followed by a run that is allocated then, inside the clock. A record at the
 * end of a run goes on in the next one. There is no flush that is no sync, so `flush` does more than
 * it is asked.
 *
 * @module
 */

import type { FileBlockAllocator, IoAdapter } from "../../mod.ts";
import { BlockStream, fileBlocks } from "../../mod.ts";
import { ourVersion } from "../our_version.ts";
import { runtimeIo } from "../runtime_io.ts";
import type { LogContestant, LogModule, SeeRecord } from "./contestant.ts";

class BlockLog implements LogContestant {
  readonly #io: IoAdapter;
  readonly #allocator: FileBlockAllocator;
  readonly #streams: BlockStream[];
  #last: BlockStream;

  constructor(io: IoAdapter, allocator: FileBlockAllocator, streams: BlockStream[]) {
    this.#io = io;
    this.#allocator = allocator;
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
    this.#last.sync();
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
    this.#last.sync();
    const blocks = await this.#allocator.allocate();
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
    async open(directory) {
      const allocator = await fileBlocks(io, directory);
      const runs = await allocator.list();
      if (runs.length === 0) runs.push(await allocator.allocate());
      const streams: BlockStream[] = [];
      for (const blocks of runs) streams.push(await BlockStream.open(blocks, { io }));
      return new BlockLog(io, allocator, streams);
    },
  };
}
