/**
 * classic-level (LevelDB) with `{ sync: true }` on every write, which LevelDB groups by itself.
 *
 * @module
 */

import type { Contestant, ContestantModule, ScanResult } from "./contestant.ts";
import { CACHE_BYTES, fold } from "./contestant.ts";
import { importPeer, installedVersion } from "./peer.ts";

interface LevelPut {
  type: "put";
  key: Uint8Array;
  value: Uint8Array;
}

interface LevelIterator {
  nextv(size: number): Promise<[Uint8Array, Uint8Array][]>;
  close(): Promise<void>;
}

interface LevelDatabase {
  open(): Promise<void>;
  put(key: Uint8Array, value: Uint8Array, options: { sync: true }): Promise<void>;
  batch(operations: LevelPut[], options: { sync: true }): Promise<void>;
  getSync(key: Uint8Array): Uint8Array | undefined;
  iterator(options: Record<string, unknown>): LevelIterator;
  close(): Promise<void>;
}

interface LevelPackage {
  ClassicLevel: new (location: string, options: Record<string, unknown>) => LevelDatabase;
}

const SYNC = { sync: true } as const;
const SCAN_BATCH = 1000;
/** Read ahead of one `nextv`: room for a whole batch of 116 B entries. */
const SCAN_BYTES = 256 * 1024;

/** The values are random, so compressing them is work for nothing; a larger memtable loads faster. */
const OPTIONS = {
  keyEncoding: "view",
  valueEncoding: "view",
  cacheSize: CACHE_BYTES,
  writeBufferSize: 32 * 1024 * 1024,
  compression: false,
};

class Level implements Contestant {
  readonly #entries: LevelDatabase;
  readonly #log: LevelDatabase;
  #next = 0;

  constructor(entries: LevelDatabase, log: LevelDatabase) {
    this.#entries = entries;
    this.#log = log;
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#entries.put(key, value, SYNC);
  }

  putShared(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#entries.put(key, value, SYNC);
  }

  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): Promise<void> {
    const operations: LevelPut[] = [];
    for (let i = 0; i < keys.length; i++) {
      operations.push({ type: "put", key: keys[i]!, value: values[i]! });
    }
    return this.#entries.batch(operations, SYNC);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.getSync(key);
  }

  async scan(): Promise<ScanResult> {
    let entries = 0;
    let hash = 0;
    const iterator = this.#entries.iterator({ highWaterMarkBytes: SCAN_BYTES });
    try {
      for (;;) {
        const batch = await iterator.nextv(SCAN_BATCH);
        if (batch.length === 0) break;
        for (const [key, value] of batch) hash = fold(hash, key, value);
        entries += batch.length;
      }
    } finally {
      await iterator.close();
    }
    return { entries, hash };
  }

  append(record: Uint8Array): Promise<void> {
    const key = new Uint8Array(8);
    new DataView(key.buffer).setBigUint64(0, BigInt(this.#next++));
    return this.#log.put(key, record, SYNC);
  }

  async close(): Promise<void> {
    await this.#entries.close();
    await this.#log.close();
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<ContestantModule> {
  const { ClassicLevel } = await importPeer<LevelPackage>("classic-level");
  return {
    version: installedVersion("classic-level"),
    async open(directory) {
      const entries = new ClassicLevel(`${directory}/entries`, OPTIONS);
      const log = new ClassicLevel(`${directory}/log`, OPTIONS);
      await entries.open();
      await log.open();
      return new Level(entries, log);
    },
  };
}
