/**
 * Removing what nothing refers to.
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import type { Database } from "../../kernel/database.ts";
import type { Definition, TreeWriter } from "../../kernel/definition.ts";
import type { Snapshot } from "../../kernel/snapshot/snapshot.ts";
import { visitCursor, WHOLE } from "../cursor_iterator.ts";
import { removeEntries } from "../remove_entries.ts";
import { rawTree, type RawTreeAccess } from "../transfer/raw_tree.ts";
import { endArrival, removeBlob } from "./content_changes.ts";
import { headOf } from "./content_chunks.ts";
import { ContentId } from "./content_id.ts";
import {
  ARRIVALS,
  arrivingKey,
  chunkCount,
  chunksOf,
  type Head,
  HEADS,
  isSameVersion,
  serialIn,
} from "./content_layout.ts";
import { checkOptions } from "./content_reader.ts";
import { CONTENT_KIND } from "./content_store.ts";
import type { ContentAccess } from "./content_types.ts";
import { contentAt } from "./content_verify.ts";
import { SerialSet } from "./serial_set.ts";

/** How far a garbage collection is. */
export interface CollectProgress {
  /** Different blobs that are referred to, as far as references have been read. */
  readonly kept: number;
  /** Blobs removed. */
  readonly removed: number;
  /** Their bytes. */
  readonly removedBytes: number;
}

/** Options of {@linkcode collectGarbage}. */
export interface CollectOptions {
  /**
   * All ids that the application refers to, as of the snapshot it is given: read them from there, not
   * from the database, so that no reference is missed that moves meanwhile. Ids that name no blob of
   * this store do no harm.
   */
  readonly references: (snapshot: Snapshot) => Iterable<ContentId> | AsyncIterable<ContentId>;
  /** Blobs that a transaction removes at most. @default 100 */
  readonly batch?: number;
  /** Ends it after the transaction under way: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Told now and then. */
  readonly onProgress?: (progress: CollectProgress) => void;
}

const BATCH_DEFAULT = 100;

/** Chunks that a transaction removes at most, but for the last blob. */
const BATCH_CHUNKS = 1000;

/** References read between two steps of other work. */
const TURN_REFERENCES = 1000;

/** A blob that nothing refers to. */
interface Candidate {
  readonly id: ContentId;
  readonly head: Head;
}

/**
 * Removes the blobs of a store to which nothing refers: marks what is referred to in a snapshot, then
 * removes, of the blobs in that snapshot, those that are not marked and have not been put, touched or
 * removed since. Others may read and write meanwhile. A transaction that adds a reference to a blob
 * that nothing refers to puts or touches it, in the same transaction: then it is spared, or the
 * transaction conflicts with the removal and is run again.
 *
 * Removes in transactions of at most `batch` blobs, each as durable as the database says. Keeps
 * nothing of its own in the file: after a crash, just run it again. Memory: one bit for each blob
 * that is referred to. Blobs that a prepared transaction holds are spared.
 *
 * ```ts
 * import { codec, collectGarbage, ContentId, contentStore, Database, index } from "@holdfast/holdfast";
 *
 * const photos = contentStore("photos");
 * const faces = index("faces", { key: codec.string, value: codec.string });
 * const db = await Database.memory();
 * await db.update((tx) => {
 *   const id = tx.open(photos).put(new Uint8Array([1, 2, 3]));
 *   tx.open(faces).put("ann", `${id}`);
 *   tx.open(photos).put(new Uint8Array([4, 5, 6]));
 * });
 * const { kept, removed } = await collectGarbage(db, photos, {
 *   *references(snapshot) {
 *     for (const [, id] of snapshot.open(faces).range()) yield ContentId.parse(id);
 *   },
 * });
 * console.log(kept, removed); // 1 1
 * await db.close();
 * ```
 *
 * @throws {TypeError} for something else than a content store, ids and known options
 * @throws {RangeError} unless `batch` is a whole number from 1 on
 * @throws {CorruptionError} `CORRUPT_PAGE`: then nothing more is removed
 * @throws {StateError} `CLOSED`, `POISONED`, `READ_ONLY`, `TYPE_MISMATCH`
 * @throws {IoError} `NO_SPACE`, `IO_*`
 * @throws what `references` throws
 */
export async function collectGarbage(
  db: Database,
  definition: Definition<ContentAccess>,
  options: CollectOptions,
): Promise<CollectProgress> {
  checkOptions(options, ["references", "batch", "signal", "onProgress"], "garbage collection");
  const { batch = BATCH_DEFAULT, signal } = options;
  if (definition.kind !== CONTENT_KIND) throw new TypeError("Garbage is that of a content store");
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new RangeError("The batch of a garbage collection is a whole number from 1 on");
  }
  signal?.throwIfAborted();
  const snapshot = db.snapshot();
  try {
    return await new Collection(db, definition, options, snapshot, batch).run();
  } finally {
    snapshot.release();
  }
}

class Collection {
  readonly #db: Database;
  readonly #store: Definition<RawTreeAccess>;
  readonly #digest: string;
  readonly #options: CollectOptions;
  readonly #snapshot: Snapshot;
  readonly #batch: number;
  #kept = 0;
  #removed = 0;
  #removedBytes = 0;

  constructor(
    db: Database,
    store: Definition<ContentAccess>,
    options: CollectOptions,
    snapshot: Snapshot,
    batch: number,
  ) {
    this.#db = db;
    this.#store = rawTree(store);
    this.#digest = store.format.slice(0, store.format.indexOf("/"));
    this.#options = options;
    this.#snapshot = snapshot;
    this.#batch = batch;
  }

  async run(): Promise<CollectProgress> {
    await this.#sweep(await this.#mark());
    await this.#removeArrivals();
    return this.#progress();
  }

  /** The serials of what is referred to. */
  async #mark(): Promise<SerialSet> {
    const { references, signal, onProgress } = this.#options;
    const tree = this.#snapshot.open(this.#store);
    const marked = new SerialSet();
    let turn = 0;
    for await (const id of references(this.#snapshot)) {
      signal?.throwIfAborted();
      if (!(id instanceof ContentId)) throw new TypeError("A reference is a ContentId");
      const head = id.digest === this.#digest ? headOf(tree, id) : undefined;
      if (head !== undefined && marked.add(head.serial)) this.#kept++;
      if (++turn % TURN_REFERENCES !== 0) continue;
      onProgress?.(this.#progress());
      await new Promise<void>((resolve) => this.#db.io.nextTurn(resolve));
    }
    return marked;
  }

  async #sweep(marked: SerialSet): Promise<void> {
    const cursor = this.#snapshot.open(this.#store).cursor(HEADS);
    try {
      let candidates: Candidate[] = [];
      let chunks = 0;
      while (cursor.next()) {
        const candidate = contentAt(cursor, this.#digest);
        if (marked.has(candidate.head.serial)) continue;
        candidates.push(candidate);
        chunks += chunkCount(candidate.head);
        if (candidates.length < this.#batch && chunks < BATCH_CHUNKS) continue;
        await this.#remove(candidates);
        candidates = [];
        chunks = 0;
      }
      if (candidates.length > 0) await this.#remove(candidates);
    } finally {
      cursor.close();
    }
  }

  async #remove(candidates: readonly Candidate[]): Promise<void> {
    const gone = await this.#update((tree) =>
      candidates.filter(({ id, head }) =>
        isSameVersion(head, headOf(tree, id)) && removeUnlessHeld(tree, id, head)
      )
    );
    this.#removed += gone.length;
    for (const { head } of gone) this.#removedBytes += head.length;
    this.#options.onProgress?.(this.#progress());
  }

  /** Removes the chunks of streams whose transactions were committed before they had arrived. */
  async #removeArrivals(): Promise<void> {
    const serials: number[] = [];
    visitCursor(this.#snapshot.open(this.#store).cursor(ARRIVALS), WHOLE, (cursor) => {
      serials.push(serialIn(cursor.keyBytes, cursor.keyBegin));
    });
    for (const serial of serials) {
      const window = { offset: 0, limit: BATCH_CHUNKS };
      const step = (tree: TreeWriter): boolean => {
        if (!tree.has(arrivingKey(serial))) return true;
        if (removeEntries(tree, chunksOf(serial), window) === BATCH_CHUNKS) return false;
        endArrival(tree, serial);
        return true;
      };
      while (!await this.#update(step));
    }
  }

  #update<T>(body: (tree: TreeWriter) => T): Promise<T> {
    const { signal } = this.#options;
    return this.#db.update(
      (tx) => body(tx.open(this.#store)),
      signal === undefined ? {} : { signal },
    );
  }

  #progress(): CollectProgress {
    return { kept: this.#kept, removed: this.#removed, removedBytes: this.#removedBytes };
  }
}

/** Removes a blob, unless a transaction in doubt holds it. */
function removeUnlessHeld(tree: TreeWriter, id: ContentId, head: Head): boolean {
  try {
    removeBlob(tree, id, head);
    return true;
  } catch (error) {
    if (error instanceof ConflictError && error.code === "IN_DOUBT") return false;
    throw error;
  }
}
