/**
 * classic-level (LevelDB) with `{ sync: true }` and its default memtable of 4 MB, which is also what
 * an opening may have to replay.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { Store, StoreModule } from "./contestant.ts";

interface LevelPut {
  type: "put";
  key: Uint8Array;
  value: Uint8Array;
}

interface LevelDatabase {
  open(): Promise<void>;
  put(key: Uint8Array, value: Uint8Array, options: { sync: true }): Promise<void>;
  batch(operations: LevelPut[], options: { sync: true }): Promise<void>;
  getSync(key: Uint8Array): Uint8Array | undefined;
  close(): Promise<void>;
}

interface LevelPackage {
  ClassicLevel: new (location: string, options: Record<string, unknown>) => LevelDatabase;
}

const SYNC = { sync: true } as const;
/** An entry takes about 150 bytes of the memtable. */
const PUTS_OF_FULL_MEMTABLE = 26_000;

class Level implements Store {
  readonly #database: LevelDatabase;

  constructor(database: LevelDatabase) {
    this.#database = database;
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#database.put(key, value, SYNC);
  }

  commit(keys: readonly Uint8Array[], values: readonly Uint8Array[]): Promise<void> {
    const operations: LevelPut[] = [];
    for (let i = 0; i < keys.length; i++) {
      operations.push({ type: "put", key: keys[i]!, value: values[i]! });
    }
    return this.#database.batch(operations, SYNC);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#database.getSync(key);
  }

  isLogFull(puts: number): boolean {
    return puts >= PUTS_OF_FULL_MEMTABLE;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<StoreModule> {
  const { ClassicLevel } = await importPeer<LevelPackage>("classic-level");
  return {
    version: installedVersion("classic-level"),
    hasCacheBudget: true,
    async open(directory, cacheSize) {
      const options = { keyEncoding: "view", valueEncoding: "view", cacheSize, compression: false };
      const database = new ClassicLevel(`${directory}/level`, options);
      await database.open();
      return new Level(database);
    },
  };
}
