/**
 * classic-level (LevelDB) with counters as big-endian keys, 32 MB memtable, no compression (the
 * records are random). Durable: `{ sync: true }`; LevelDB groups the callers by itself.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { LogContestant, LogModule, SeeRecord } from "./contestant.ts";

interface LevelPut {
  type: "put";
  key: Uint8Array;
  value: Uint8Array;
}

interface LevelIterator {
  nextv(size: number): Promise<[unknown, Uint8Array][]>;
  close(): Promise<void>;
}

interface LevelDatabase {
  open(): Promise<void>;
  put(key: Uint8Array, value: Uint8Array, options: { sync: boolean }): Promise<void>;
  batch(operations: LevelPut[], options: { sync: boolean }): Promise<void>;
  iterator(options: Record<string, unknown>): LevelIterator;
  close(): Promise<void>;
}

interface LevelPackage {
  ClassicLevel: new (location: string, options: Record<string, unknown>) => LevelDatabase;
}

const REPLAY_BATCH = 1000;
const REPLAY_BYTES = 1024 * 1024;

const OPTIONS = {
  keyEncoding: "view",
  valueEncoding: "view",
  writeBufferSize: 32 * 1024 * 1024,
  compression: false,
};

class LevelLog implements LogContestant {
  readonly #database: LevelDatabase;
  #next = 0;

  constructor(database: LevelDatabase) {
    this.#database = database;
  }

  appendAll(records: readonly Uint8Array[]): Promise<void> {
    const operations: LevelPut[] = [];
    for (const value of records) operations.push({ type: "put", key: keyOf(this.#next++), value });
    return this.#database.batch(operations, { sync: false });
  }

  /** A batch has been written to LevelDB's log. */
  flush(): void {}

  appendSynced(record: Uint8Array): Promise<void> {
    return this.#database.put(keyOf(this.#next++), record, { sync: true });
  }

  appendShared(record: Uint8Array): Promise<void> {
    return this.appendSynced(record);
  }

  async replay(from: number, see: SeeRecord): Promise<void> {
    const iterator = this.#database.iterator({
      gte: keyOf(from),
      keys: false,
      highWaterMarkBytes: REPLAY_BYTES,
    });
    try {
      for (;;) {
        const batch = await iterator.nextv(REPLAY_BATCH);
        if (batch.length === 0) break;
        for (const [, value] of batch) see(value);
      }
    } finally {
      await iterator.close();
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigUint64(0, BigInt(number));
  return key;
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<LogModule> {
  const { ClassicLevel } = await importPeer<LevelPackage>("classic-level");
  return {
    version: installedVersion("classic-level"),
    tasks: ["append", "synced", "shared", "replay"],
    async open(directory) {
      const database = new ClassicLevel(`${directory}/log`, OPTIONS);
      await database.open();
      return new LevelLog(database);
    },
  };
}
