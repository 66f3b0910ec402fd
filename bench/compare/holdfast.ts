/**
 * Holdfast through its public API: every write is one `update` whose promise is awaited.
 *
 * @module
 */

import { codec, Database, index, recordLog } from "../../mod.ts";
import { ourVersion } from "../our_version.ts";
import { runtimeIo } from "../runtime_io.ts";
import type { Contestant, ContestantModule, Found, ScanResult, Upkeep } from "./contestant.ts";
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

  upkeep(): Upkeep {
    const { logBytes, checkpoints, pagesWritten } = this.#database.stats();
    return { logBytes, checkpoints, pagesWritten };
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** The adapter is loaded here, as the addons of the peers are before anything is opened. */
export async function load(): Promise<ContestantModule> {
  const io = await runtimeIo();
  return {
    version: ourVersion(),
    durabilities: EITHER_DURABILITY,
    async open(directory, durability, cacheBytes = CACHE_BYTES) {
      const options = { cacheBytes, durability, io };
      return new Holdfast(await Database.open(`${directory}/data.hold`, options));
    },
  };
}
