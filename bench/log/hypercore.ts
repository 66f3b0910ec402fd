/**
 * hypercore: a log whose records are in a signed Merkle tree. It syncs nothing, so it is in the rows
 * without syncs only. Its storage (rocksdb-native) ends the process on Bun and Deno.
 *
 * @module
 */

import process from "node:process";
import { importPeer, installedVersion, NotHereError } from "../compare/peer.ts";
import type { LogContestant, LogModule, SeeRecord } from "./contestant.ts";

interface Hypercore {
  ready(): Promise<void>;
  append(records: readonly Uint8Array[]): Promise<unknown>;
  get(number: number): Promise<Uint8Array>;
  readonly length: number;
  close(): Promise<void>;
}

interface HypercorePackage {
  default: new (directory: string) => Hypercore;
}

class HypercoreLog implements LogContestant {
  readonly #core: Hypercore;

  constructor(core: Hypercore) {
    this.#core = core;
  }

  async appendAll(records: readonly Uint8Array[]): Promise<void> {
    await this.#core.append(records);
  }

  /** An append has been written to the log of its storage. */
  flush(): void {}

  async replay(from: number, see: SeeRecord): Promise<void> {
    const { length } = this.#core;
    for (let i = from; i < length; i++) see(await this.#core.get(i));
  }

  close(): Promise<void> {
    return this.#core.close();
  }
}

/** Loads the package; rejects when it is not installed, and where it cannot run. */
export async function load(): Promise<LogModule> {
  const { bun, deno } = process.versions;
  if (bun !== undefined || deno !== undefined) {
    throw new NotHereError("rocksdb-native, which it stores in, ends this runtime's process");
  }
  const { default: Hypercore } = await importPeer<HypercorePackage>("hypercore");
  return {
    version: installedVersion("hypercore"),
    tasks: ["append", "replay"],
    async open(directory) {
      const core = new Hypercore(directory);
      await core.ready();
      return new HypercoreLog(core);
    },
  };
}
