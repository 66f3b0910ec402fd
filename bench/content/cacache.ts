/**
 * cacache with SHA-256, as ours, and without its memory of what it read. It syncs nothing: a put that
 * resolved may be gone after a power cut.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { ContentContestant, ContentModule } from "./contestant.ts";

interface CacachePackage {
  put(
    cache: string,
    key: string,
    data: Uint8Array,
    options: { algorithms: string[] },
  ): Promise<unknown>;
  readonly get: { byDigest(cache: string, integrity: unknown): Promise<Uint8Array> };
}

const OPTIONS = { algorithms: ["sha256"] };

class Cacache implements ContentContestant {
  readonly #package: CacachePackage;
  readonly #folder: string;
  #puts = 0;

  constructor(cacache: CacachePackage, folder: string) {
    this.#package = cacache;
    this.#folder = folder;
  }

  /** There is no put without a key; another one each time is what a cache would do. */
  put(blob: Uint8Array): Promise<unknown> {
    return this.#package.put(this.#folder, `blob-${this.#puts++}`, blob, OPTIONS);
  }

  putShared(blob: Uint8Array): Promise<unknown> {
    return this.put(blob);
  }

  /** There are no batches: many at once take less time than one after the other. */
  putBatch(blobs: readonly Uint8Array[]): Promise<unknown[]> {
    return Promise.all(blobs.map((blob) => this.put(blob)));
  }

  get(id: unknown): Promise<Uint8Array> {
    return this.#package.get.byDigest(this.#folder, id);
  }

  getShared(id: unknown): Promise<Uint8Array> {
    return this.get(id);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<ContentModule> {
  const module = await importPeer<{ default: CacachePackage }>("cacache");
  return {
    version: installedVersion("cacache"),
    open: (directory) => Promise.resolve(new Cacache(module.default, directory)),
  };
}
