/**
 * lmdb-js. One caller: `putSync`, which returns after its sync (faster than `await put` and
 * `flushed`). Many callers: `await put` is visibility only, so `flushed` is awaited as well.
 *
 * @module
 */

import type { Contestant, ContestantModule, Durability, Found, ScanResult } from "./contestant.ts";
import { EITHER_DURABILITY, fold } from "./contestant.ts";
import { importPeer, installedVersion } from "./peer.ts";

interface LmdbDatabase<K> {
  put(key: K, value: Uint8Array): Promise<boolean>;
  putSync(key: K, value: Uint8Array): void;
  get(key: K): Found;
  getMany(keys: readonly K[]): Promise<Found[]>;
  getRange(): Iterable<{ key: Uint8Array; value: Uint8Array }>;
  transactionSync<T>(action: () => T, flags?: number): T;
  readonly flushed: PromiseLike<unknown>;
}

interface LmdbRoot {
  openDB<K>(name: string, options: { keyEncoding: string; encoding: string }): LmdbDatabase<K>;
  close(): Promise<void>;
}

interface LmdbPackage {
  open(options: Record<string, unknown>): LmdbRoot;
}

/** `TransactionFlags.SYNCHRONOUS_COMMIT`, without the abortable flag that costs a child copy. */
const SYNCHRONOUS_COMMIT = 2;
const MAP_BYTES = 8 * 1024 * 1024 * 1024;

/** To write through the map is its fastest way if nothing is synced, and a slow one if it is. */
const OPTIONS: Readonly<Record<Durability, Record<string, unknown>>> = {
  disk: {},
  os: { noSync: true, useWritemap: true },
};

class Lmdb implements Contestant {
  readonly #root: LmdbRoot;
  readonly #entries: LmdbDatabase<Uint8Array>;
  /** Opened by the first append: who has no log does not pay for it. */
  #log: LmdbDatabase<number> | undefined;
  #next = 0;

  constructor(root: LmdbRoot) {
    this.#root = root;
    this.#entries = root.openDB("kv", { keyEncoding: "binary", encoding: "binary" });
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#entries.putSync(key, value);
  }

  async putShared(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#entries.put(key, value);
    await this.#entries.flushed;
  }

  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void {
    const entries = this.#entries;
    entries.transactionSync(() => {
      for (let i = 0; i < keys.length; i++) entries.put(keys[i]!, values[i]!);
    }, SYNCHRONOUS_COMMIT);
  }

  get(key: Uint8Array): Found {
    return this.#entries.get(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<Found[]> {
    return this.#entries.getMany(keys);
  }

  scan(): ScanResult {
    let entries = 0;
    let hash = 0;
    for (const { key, value } of this.#entries.getRange()) {
      hash = fold(hash, key, value);
      entries++;
    }
    return { entries, hash };
  }

  async append(record: Uint8Array): Promise<void> {
    this.#log ??= this.#root.openDB("log", { keyEncoding: "uint32", encoding: "binary" });
    await this.#log.put(this.#next++, record);
    await this.#log.flushed;
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<ContestantModule> {
  const { open } = await importPeer<LmdbPackage>("lmdb");
  return {
    version: installedVersion("lmdb"),
    durabilities: EITHER_DURABILITY,
    open: (path, durability) =>
      Promise.resolve(new Lmdb(open({ path, mapSize: MAP_BYTES, ...OPTIONS[durability] }))),
  };
}
