/**
 * Our content store through the public API: every put is one `update`, on disk when it resolves.
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

  get(id: unknown, isAlone: boolean): Uint8Array | Promise<Uint8Array> {
    const blobs = this.#database.open(BLOBS);
    return isAlone
      ? blobs.get(id as ContentId)!
      : blobs.read(id as ContentId).then((bytes) => bytes!);
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
