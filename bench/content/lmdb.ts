/**
 * lmdb-js as a store of contents: the key is the SHA-256 of the bytes, the value is the bytes. A batch
 * is one asynchronous transaction and its flush, so that its thread writes while this one makes
 * digests. A get compares the digest with the key, which lmdb does not do by itself.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { importPeer, installedVersion } from "../compare/peer.ts";
import type { ContentContestant, ContentModule } from "./contestant.ts";

interface LmdbDatabase {
  put(key: Uint8Array, value: Uint8Array): Promise<boolean>;
  putSync(key: Uint8Array, value: Uint8Array): void;
  get(key: Uint8Array): Uint8Array | undefined;
  transaction<T>(action: () => T): Promise<T>;
  readonly flushed: PromiseLike<unknown>;
}

interface LmdbRoot {
  openDB(name: string, options: { keyEncoding: string; encoding: string }): LmdbDatabase;
  close(): Promise<void>;
}

interface LmdbPackage {
  open(options: { path: string; mapSize: number; noMemInit: boolean }): LmdbRoot;
}

const MAP_BYTES = 8 * 1024 * 1024 * 1024;

class Lmdb implements ContentContestant {
  readonly #root: LmdbRoot;
  readonly #blobs: LmdbDatabase;

  constructor(root: LmdbRoot) {
    this.#root = root;
    this.#blobs = root.openDB("blobs", { keyEncoding: "binary", encoding: "binary" });
  }

  put(blob: Uint8Array): Uint8Array {
    const id = digestOf(blob);
    this.#blobs.putSync(id, blob);
    return id;
  }

  async putShared(blob: Uint8Array): Promise<Uint8Array> {
    const id = digestOf(blob);
    await this.#blobs.put(id, blob);
    await this.#blobs.flushed;
    return id;
  }

  async putBatch(blobs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const ids = await this.#blobs.transaction(() =>
      blobs.map((blob) => {
        const id = digestOf(blob);
        this.#blobs.put(id, blob);
        return id;
      })
    );
    await this.#blobs.flushed;
    return ids;
  }

  get(id: unknown): Uint8Array {
    const bytes = this.#blobs.get(id as Uint8Array)!;
    if (Buffer.compare(digestOf(bytes), id as Uint8Array) !== 0) {
      throw new Error("a blob does not match its digest");
    }
    return bytes;
  }

  getShared(id: unknown): Uint8Array {
    return this.get(id);
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<ContentModule> {
  const { open } = await importPeer<LmdbPackage>("lmdb");
  return {
    version: installedVersion("lmdb"),
    open: (path) => Promise.resolve(new Lmdb(open({ path, mapSize: MAP_BYTES, noMemInit: true }))),
  };
}
