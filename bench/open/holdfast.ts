/**
 * Holdfast with its default log: an extent of 16 MiB, which starts a checkpoint when it is full.
 *
 * @module
 */

import { codec, Database, index } from "../../mod.ts";
import { ourVersion } from "../our_version.ts";
import { runtimeIo } from "../runtime_io.ts";
import type { CheckpointCount, Store, StoreModule } from "./contestant.ts";

const ENTRIES = index("kv", { key: codec.bytes, value: codec.bytes });
/** Of 16 MiB: the rest is written until the signal arrives, before a checkpoint begins. */
const FULL_LOG_BYTES = 15 * 1024 * 1024;

function openReader(database: Database) {
  return database.open(ENTRIES);
}

class Holdfast implements Store {
  readonly #database: Database;
  readonly #reader: ReturnType<typeof openReader>;

  constructor(database: Database) {
    this.#database = database;
    this.#reader = openReader(database);
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.commit([key], [value]);
  }

  async commit(keys: readonly Uint8Array[], values: readonly Uint8Array[]): Promise<void> {
    await this.#database.update((tx) => {
      const entries = tx.open(ENTRIES);
      for (let i = 0; i < keys.length; i++) entries.put(keys[i]!, values[i]!);
    });
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#reader.get(key);
  }

  isLogFull(): boolean {
    return this.#database.stats().logBytes >= FULL_LOG_BYTES;
  }

  checkpoints(): CheckpointCount {
    const { checkpoints, pagesWritten } = this.#database.stats();
    return { completed: checkpoints, pagesWritten };
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** The adapter is loaded here, as the peers' binaries are before anything is opened. */
export async function load(): Promise<StoreModule> {
  const io = await runtimeIo();
  return {
    version: ourVersion(),
    hasCacheBudget: true,
    open: async (directory, cacheBytes) =>
      new Holdfast(await Database.open(`${directory}/data.hold`, { cacheBytes, io })),
  };
}
