/**
 * lmdb-js with ordered integer keys. Unsynced: `noSync`, batches as synchronous transactions.
 * Durable: `putSync` for one caller; `put` and `flushed` for many, because `put` alone promises
 * visibility.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { LogContestant, LogModule, SeeRecord } from "./contestant.ts";

interface LmdbDatabase {
  put(key: number, value: Uint8Array): Promise<boolean>;
  putSync(key: number, value: Uint8Array): void;
  getRange(options: { start: number }): Iterable<{ value: Uint8Array }>;
  transactionSync<T>(action: () => T, flags?: number): T;
  readonly flushed: PromiseLike<unknown>;
}

interface LmdbRoot {
  openDB(name: string, options: { keyEncoding: string; encoding: string }): LmdbDatabase;
  close(): Promise<void>;
}

interface LmdbPackage {
  open(options: { path: string; mapSize: number; noSync: boolean }): LmdbRoot;
}

/** `TransactionFlags.SYNCHRONOUS_COMMIT`, without the abortable flag that costs a child copy. */
const SYNCHRONOUS_COMMIT = 2;
const MAP_BYTES = 8 * 1024 * 1024 * 1024;

class LmdbLog implements LogContestant {
  readonly #root: LmdbRoot;
  readonly #log: LmdbDatabase;
  #next = 0;

  constructor(root: LmdbRoot) {
    this.#root = root;
    this.#log = root.openDB("log", { keyEncoding: "uint32", encoding: "binary" });
  }

  appendAll(records: readonly Uint8Array[]): void {
    this.#log.transactionSync(() => {
      for (const record of records) this.#log.put(this.#next++, record);
    }, SYNCHRONOUS_COMMIT);
  }

  /** A commit has written its pages. */
  flush(): void {}

  appendSynced(record: Uint8Array): void {
    this.#log.putSync(this.#next++, record);
  }

  async appendShared(record: Uint8Array): Promise<void> {
    await this.#log.put(this.#next++, record);
    await this.#log.flushed;
  }

  replay(from: number, see: SeeRecord): void {
    for (const { value } of this.#log.getRange({ start: from })) see(value);
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<LogModule> {
  const { open } = await importPeer<LmdbPackage>("lmdb");
  return {
    version: installedVersion("lmdb"),
    tasks: ["append", "synced", "shared", "replay"],
    open: (path, { mode }) =>
      Promise.resolve(new LmdbLog(open({ path, mapSize: MAP_BYTES, noSync: mode !== "durable" }))),
  };
}
