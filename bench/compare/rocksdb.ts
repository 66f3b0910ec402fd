/**
 * RocksDB through rocksdb-native. The binding has no way to sync, so it takes part in what is not
 * durable only; and its block cache has no setting. On Bun and Deno its first use ends the process.
 *
 * @module
 */

import process from "node:process";
import type { Contestant, ContestantModule, Found, ScanResult } from "./contestant.ts";
import { fold } from "./contestant.ts";
import { importPeer, installedVersion, NotHereError } from "./peer.ts";

interface RocksRead {
  get(key: Uint8Array): Promise<Uint8Array | null>;
  flush(): Promise<void>;
  destroy(): void;
}

interface RocksWrite {
  tryPut(key: Uint8Array, value: Uint8Array): void;
  flush(): Promise<void>;
  destroy(): void;
}

interface RocksDatabase {
  ready(): Promise<void>;
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  get(key: Uint8Array): Promise<Uint8Array | null>;
  read(options: { capacity: number }): RocksRead;
  write(options: { capacity: number }): RocksWrite;
  iterator(
    range: Record<string, never>,
    options: { capacity: number },
  ): AsyncIterable<{ key: Uint8Array; value: Uint8Array }>;
  close(): Promise<void>;
}

interface RocksPackage {
  default: new (path: string) => RocksDatabase;
}

/** Entries that an iterator reads at once. */
const SCAN_BATCH = 1000;

class Rocksdb implements Contestant {
  readonly #root: RocksDatabase;
  #next = 0;

  constructor(root: RocksDatabase) {
    this.#root = root;
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#root.put(key, value);
  }

  putShared(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#root.put(key, value);
  }

  async load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): Promise<void> {
    const batch = this.#root.write({ capacity: keys.length });
    for (let i = 0; i < keys.length; i++) batch.tryPut(keys[i]!, values[i]!);
    await batch.flush();
    batch.destroy();
  }

  async get(key: Uint8Array): Promise<Found> {
    return await this.#root.get(key) ?? undefined;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<Found[]> {
    const batch = this.#root.read({ capacity: keys.length });
    const values = Promise.all(keys.map((key) => batch.get(key)));
    await batch.flush();
    batch.destroy();
    return (await values).map((value) => value ?? undefined);
  }

  async scan(): Promise<ScanResult> {
    let entries = 0;
    let hash = 0;
    for await (const { key, value } of this.#root.iterator({}, { capacity: SCAN_BATCH })) {
      hash = fold(hash, key, value);
      entries++;
    }
    return { entries, hash };
  }

  append(record: Uint8Array): Promise<void> {
    const key = new Uint8Array(8);
    new DataView(key.buffer).setBigUint64(0, BigInt(this.#next++));
    return this.#root.put(key, record);
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** Loads the package. @throws {NotHereError} outside Node, and when it is not installed */
export async function load(): Promise<ContestantModule> {
  const { bun, deno } = process.versions;
  if (bun !== undefined || deno !== undefined) {
    throw new NotHereError("its addon ends any process but Node's");
  }
  const { default: RocksDB } = await importPeer<RocksPackage>("rocksdb-native");
  return {
    version: installedVersion("rocksdb-native"),
    durabilities: ["os"],
    async open(directory) {
      const root = new RocksDB(`${directory}/rocks`);
      await root.ready();
      return new Rocksdb(root);
    },
  };
}
