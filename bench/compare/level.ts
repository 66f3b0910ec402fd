/**
 * classic-level (LevelDB) with `{ sync: true }` on every durable write. LevelDB groups the writes
 * that its four threads have at hand; a hand-made queue before it groups more, so 64 callers share
 * one: a batch for each turn of the event loop.
 *
 * @module
 */

import type { Contestant, ContestantModule, Durability, Found, ScanResult } from "./contestant.ts";
import { CACHE_BYTES, EITHER_DURABILITY, fold } from "./contestant.ts";
import { importPeer, installedVersion } from "./peer.ts";
import { TurnQueue } from "./turn_queue.ts";

interface LevelPut {
  type: "put";
  key: Uint8Array;
  value: Uint8Array;
}

interface LevelWrite {
  readonly sync: boolean;
}

interface LevelIterator {
  nextv(size: number): Promise<[Uint8Array, Uint8Array][]>;
  close(): Promise<void>;
}

interface LevelDatabase {
  open(): Promise<void>;
  put(key: Uint8Array, value: Uint8Array, options: LevelWrite): Promise<void>;
  batch(operations: readonly LevelPut[], options: LevelWrite): Promise<void>;
  getSync(key: Uint8Array): Found;
  getMany(keys: readonly Uint8Array[]): Promise<Found[]>;
  iterator(options: Record<string, unknown>): LevelIterator;
  close(): Promise<void>;
}

interface LevelPackage {
  ClassicLevel: new (location: string, options: Record<string, unknown>) => LevelDatabase;
}

const SCAN_BATCH = 1000;
/** Read ahead of one `nextv`: room for a whole batch of 116 B entries. */
const SCAN_BYTES = 256 * 1024;

/** A larger memtable loads faster; an opening may have to replay as much. */
const MEMTABLE_BYTES = 32 * 1024 * 1024;

/** The values are random, so compressing them is work for nothing. */
const OPTIONS = { keyEncoding: "view", valueEncoding: "view", compression: false };

class Level implements Contestant {
  readonly #entries: LevelDatabase;
  readonly #openLog: () => Promise<LevelDatabase>;
  /** Opened by the first append: who has no log does not pay for it. */
  #log: Promise<LevelDatabase> | undefined;
  readonly #write: LevelWrite;
  readonly #puts: TurnQueue<LevelPut>;
  readonly #appends: TurnQueue<LevelPut>;
  #next = 0;

  constructor(
    entries: LevelDatabase,
    openLog: () => Promise<LevelDatabase>,
    durability: Durability,
  ) {
    this.#entries = entries;
    this.#openLog = openLog;
    this.#write = { sync: durability === "disk" };
    this.#puts = new TurnQueue((puts) => entries.batch(puts, this.#write));
    this.#appends = new TurnQueue(async (puts) => {
      const log = await (this.#log ??= this.#openLog());
      await log.batch(puts, this.#write);
    });
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#entries.put(key, value, this.#write);
  }

  putShared(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#puts.add({ type: "put", key, value });
  }

  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): Promise<void> {
    const operations: LevelPut[] = [];
    for (let i = 0; i < keys.length; i++) {
      operations.push({ type: "put", key: keys[i]!, value: values[i]! });
    }
    return this.#entries.batch(operations, this.#write);
  }

  get(key: Uint8Array): Found {
    return this.#entries.getSync(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<Found[]> {
    return this.#entries.getMany(keys);
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
    return this.#appends.add({ type: "put", key, value: record });
  }

  async close(): Promise<void> {
    await this.#entries.close();
    await (await this.#log)?.close();
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(writeBufferSize: number = MEMTABLE_BYTES): Promise<ContestantModule> {
  const { ClassicLevel } = await importPeer<LevelPackage>("classic-level");
  return {
    version: installedVersion("classic-level"),
    durabilities: EITHER_DURABILITY,
    async open(directory, durability, cacheSize = CACHE_BYTES) {
      const options = { ...OPTIONS, cacheSize, writeBufferSize };
      const openPart = async (name: string): Promise<LevelDatabase> => {
        const database = new ClassicLevel(`${directory}/${name}`, options);
        await database.open();
        return database;
      };
      return new Level(await openPart("entries"), () => openPart("log"), durability);
    },
  };
}
