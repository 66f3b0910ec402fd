/**
 * Our content store through the public API: a batch is one `update` with all its puts, any other put
 * is an `update` of its own, and each is on disk when it resolves.
 *
 * @module
 */

import { type ContentId, contentStore, Database } from "../../mod.ts";
import { ourVersion } from "../our_version.ts";
import type { ContentContestant, ContentModule } from "./contestant.ts";

const BLOBS = contentStore("blobs");
const CACHE_BYTES = 256 * 1024 * 1024;

class Holdfast implements ContentContestant {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put(blob: Uint8Array): Promise<ContentId> {
    return this.#database.update((tx) => tx.open(BLOBS).put(blob));
  }

  /** Those of one turn share a sync. */
  putShared(blob: Uint8Array): Promise<ContentId> {
    return this.put(blob);
  }

  putBatch(blobs: readonly Uint8Array[]): Promise<ContentId[]> {
    return this.#database.update((tx) => {
      const store = tx.open(BLOBS);
      return blobs.map((blob) => store.put(blob));
    });
  }

  get(id: unknown): Uint8Array {
    return this.#database.open(BLOBS).get(id as ContentId)!;
  }

  /** Its digest is made off the thread. */
  async getShared(id: unknown): Promise<Uint8Array> {
    return (await this.#database.open(BLOBS).read(id as ContentId))!;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Never fails: the library is this repository. */
export function load(): Promise<ContentModule> {
  return Promise.resolve({
    version: ourVersion(),
    open: async (directory) =>
      new Holdfast(await Database.open(`${directory}/data.hold`, { cacheBytes: CACHE_BYTES })),
  });
}
