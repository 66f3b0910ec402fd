/**
 * Holdfast through its public API: every write is one `update` whose promise is awaited.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { codec, Database, index, recordLog } from "../../mod.ts";
import type { Contestant, ContestantModule, Found, ScanResult } from "./contestant.ts";
import { CACHE_BYTES, EITHER_DURABILITY, fold } from "./contestant.ts";

const ENTRIES = index("kv", { key: codec.bytes, value: codec.bytes });
const LOG = recordLog("log");

function openReader(database: Database) {
  return database.open(ENTRIES);
}

class Holdfast implements Contestant {
  readonly #database: Database;
  /** Reads the latest committed state, also what is committed after it was opened. */
  readonly #reader: ReturnType<typeof openReader>;

  constructor(database: Database) {
    this.#database = database;
    this.#reader = openReader(database);
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#database.update((tx) => {
      tx.open(ENTRIES).put(key, value);
    });
  }

  putShared(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.put(key, value);
  }

  async load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): Promise<void> {
    await this.#database.update((tx) => {
      const entries = tx.open(ENTRIES);
      for (let i = 0; i < keys.length; i++) entries.put(keys[i]!, values[i]!);
    });
  }

  get(key: Uint8Array): Found {
    return this.#reader.get(key);
  }

  getMany(keys: readonly Uint8Array[]): Found[] {
    return this.#reader.getMany(keys);
  }

  scan(): ScanResult {
    let entries = 0;
    let hash = 0;
    for (const [key, value] of this.#reader.range()) {
      hash = fold(hash, key, value);
      entries++;
    }
    return { entries, hash };
  }

  async append(record: Uint8Array): Promise<void> {
    await this.#database.update((tx) => {
      tx.open(LOG).append(record);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Never fails: the library is this repository. */
export function load(): Promise<ContestantModule> {
  const manifest = readFileSync(new URL("../../deno.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  return Promise.resolve({
    version,
    durabilities: EITHER_DURABILITY,
    async open(directory, durability) {
      const options = { cacheBytes: CACHE_BYTES, durability };
      return new Holdfast(await Database.open(`${directory}/data.hold`, options));
    },
  });
}
