/**
 * A stream that is put.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { Digest, DigestState } from "../../base/digest.ts";
import { isHoldfastError, StateError } from "../../errors.ts";
import type { TreeWriter } from "../../kernel/definition.ts";
import {
  beginArrival,
  endArrival,
  putBlob,
  removeChunks,
  replaceHead,
  restamp,
  takeSerial,
} from "./content_changes.ts";
import { headOf, idOf } from "./content_chunks.ts";
import type { ContentId } from "./content_id.ts";
import { CHUNK_BYTES, chunkKey } from "./content_layout.ts";

/** Stores what a stream yields. Cancels it when it cannot be stored. */
export async function putStream(
  tree: TreeWriter,
  digest: Digest,
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<ContentId> {
  const source = stream.getReader();
  const inflow = new Inflow(tree, digest);
  const cancel = (reason: unknown): void => {
    // Whether the source likes to be cancelled is its own affair.
    source.cancel(reason).catch(() => {});
  };
  // To cancel ends the read that waits.
  const abort = (): void => cancel(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await source.read();
      signal?.throwIfAborted();
      if (done) return inflow.end();
      inflow.take(value);
    }
  } catch (error) {
    cancel(error);
    inflow.takeBack();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    source.releaseLock();
  }
}

/** Chunks under a fresh serial. A stream of one chunk is put as its bytes are. */
class Inflow {
  readonly #tree: TreeWriter;
  readonly #digest: Digest;
  readonly #state: DigestState;
  /** The beginning of the chunk to come. */
  readonly #rest = new ByteWriter(4096);
  #serial = -1;
  #chunks = 0;
  /** That of the tree at the first chunk. */
  #revision = 0;

  constructor(tree: TreeWriter, digest: Digest) {
    this.#tree = tree;
    this.#digest = digest;
    this.#state = digest.create();
  }

  /** Takes the next bytes; they are not kept. */
  take(bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("A stream of bytes has Uint8Arrays");
    this.#state.update(bytes);
    const rest = this.#rest;
    for (let at = 0; at < bytes.length;) {
      // The last chunk waits for the end: only then is it known whether there is another one.
      if (rest.length === CHUNK_BYTES) {
        this.#put(rest.bytes);
        rest.reset();
      }
      const end = Math.min(bytes.length, at + CHUNK_BYTES - rest.length);
      if (end - at === CHUNK_BYTES && end < bytes.length) this.#put(bytes.subarray(at, end));
      else rest.raw(bytes, at, end);
      at = end;
    }
  }

  /** There are no more. */
  end(): ContentId {
    const tree = this.#tree;
    const rest = this.#rest;
    const id = idOf(this.#digest, this.#state.digest());
    const known = headOf(tree, id);
    const isThere = known !== undefined && !known.aside;
    const length = this.#chunks * CHUNK_BYTES + rest.length;
    if (this.#chunks === 0) {
      if (isThere) restamp(tree, id, known, false);
      else putBlob(tree, id, rest.bytes.subarray(0, rest.length), known);
      return id;
    }
    this.#checkChunks();
    tree.atomic(() => {
      const serial = this.#serial;
      if (isThere) {
        restamp(tree, id, known, false);
        removeChunks(tree, serial, this.#chunks);
      } else {
        tree.put(chunkKey(serial, this.#chunks), rest.bytes, rest.length);
        const head = { aside: false, length, serial, chunkBytes: CHUNK_BYTES, stamp: 0 };
        replaceHead(tree, id, head, known);
      }
      endArrival(tree, serial);
    });
    return id;
  }

  /** Takes back what was put, unless the transaction has ended: then it is nobody's any more. */
  takeBack(): void {
    if (this.#chunks === 0) return;
    const tree = this.#tree;
    try {
      tree.atomic(() => {
        removeChunks(tree, this.#serial, this.#chunks);
        endArrival(tree, this.#serial);
      });
    } catch (error) {
      const hasEnded = isHoldfastError(error) &&
        (error.code === "TRANSACTION_DONE" || error.code === "CLOSED");
      if (!hasEnded) throw error;
    }
  }

  #put(bytes: Uint8Array): void {
    const tree = this.#tree;
    tree.atomic(() => {
      if (this.#chunks === 0) {
        this.#serial = takeSerial(tree);
        this.#revision = tree.revision;
        beginArrival(tree, this.#serial);
      }
      tree.put(chunkKey(this.#serial, this.#chunks), bytes, CHUNK_BYTES);
    });
    this.#chunks++;
  }

  /** Throws when chunks were taken back by a savepoint. */
  #checkChunks(): void {
    if (this.#tree.revision === this.#revision) return;
    for (let chunk = 0; chunk < this.#chunks; chunk++) {
      if (this.#tree.has(chunkKey(this.#serial, chunk))) continue;
      throw new StateError(
        "TRANSACTION_DONE",
        "Cannot store a stream: a savepoint was rolled back that was made while it arrived",
      );
    }
  }
}
