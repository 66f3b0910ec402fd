/**
 * lmdb-js. It has no log and no checkpoints: a commit writes its pages, and opening reads one.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { Store, StoreModule } from "./contestant.ts";

interface LmdbDatabase {
  put(key: Uint8Array, value: Uint8Array): Promise<boolean>;
  get(key: Uint8Array): Uint8Array | undefined;
  transactionSync<T>(action: () => T, flags?: number): T;
  readonly flushed: PromiseLike<unknown>;
}

interface LmdbRoot {
  openDB(name: string, options: { keyEncoding: string; encoding: string }): LmdbDatabase;
  close(): Promise<void>;
}

interface LmdbPackage {
  open(options: { path: string; mapSize: number }): LmdbRoot;
}

/** `TransactionFlags.SYNCHRONOUS_COMMIT`, without the abortable flag that costs a child copy. */
const SYNCHRONOUS_COMMIT = 2;
const MAP_BYTES = 8 * 1024 * 1024 * 1024;
/** Any number will do. */
const PUTS_BEFORE_KILL = 2000;

class Lmdb implements Store {
  readonly #root: LmdbRoot;
  readonly #entries: LmdbDatabase;

  constructor(root: LmdbRoot) {
    this.#root = root;
    this.#entries = root.openDB("kv", { keyEncoding: "binary", encoding: "binary" });
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#entries.put(key, value);
    await this.#entries.flushed;
  }

  commit(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void {
    const entries = this.#entries;
    entries.transactionSync(() => {
      for (let i = 0; i < keys.length; i++) entries.put(keys[i]!, values[i]!);
    }, SYNCHRONOUS_COMMIT);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  isLogFull(puts: number): boolean {
    return puts >= PUTS_BEFORE_KILL;
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<StoreModule> {
  const { open } = await importPeer<LmdbPackage>("lmdb");
  return {
    version: installedVersion("lmdb"),
    hasCacheBudget: false,
    open: (path) => Promise.resolve(new Lmdb(open({ path, mapSize: MAP_BYTES }))),
  };
}
