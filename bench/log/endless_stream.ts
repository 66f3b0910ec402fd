/**
 * Our `EndlessStream`: any number of segments of 16 MiB, one promise for each call.
 *
 * @module
 */

import { EndlessStream } from "../../mod.ts";
import { ourVersion } from "../our_version.ts";
import type { LogContestant, LogModule, SeeRecord } from "./contestant.ts";

class EndlessLog implements LogContestant {
  readonly #stream: EndlessStream;

  constructor(stream: EndlessStream) {
    this.#stream = stream;
  }

  async appendAll(records: readonly Uint8Array[]): Promise<void> {
    await this.#stream.appendBatch(records);
  }

  /** With durability "os" a batch is with the operating system when it resolves. */
  flush(): void {}

  async appendSynced(record: Uint8Array): Promise<void> {
    await this.#stream.append(record);
  }

  appendShared(record: Uint8Array): Promise<void> {
    return this.appendSynced(record);
  }

  replay(from: number, see: SeeRecord): void {
    const reader = this.#stream.read({ from });
    for (let entry = reader.take(); entry !== undefined; entry = reader.take()) see(entry.bytes);
  }

  syncs(): number {
    return this.#stream.stats().syncs;
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}

/** Never fails: the library is this repository. */
export function load(): Promise<LogModule> {
  return Promise.resolve({
    version: ourVersion(),
    tasks: ["append", "synced", "shared", "replay"],
    open: async (directory, { mode }) => {
      const durability = mode === "durable" ? "disk" : "os";
      const options = { durability, reserve: mode === "durable" } as const;
      return new EndlessLog(await EndlessStream.open(directory, options));
    },
  });
}
