/**
 * The reading view of a content store.
 *
 * @module
 */

import type { Digest } from "../../base/digest.ts";
import { StateError } from "../../errors.ts";
import type { TreeReader } from "../../kernel/definition.ts";
import { CursorIterator, WHOLE } from "../cursor_iterator.ts";
import { corrupt, headOf, readPart, readUnproven, readWhole } from "./content_chunks.ts";
import { ContentId } from "./content_id.ts";
import { type Head, HEADS } from "./content_layout.ts";
import { outflow } from "./content_outflow.ts";
import type {
  ContentEntries,
  ContentEntry,
  ContentReader,
  ContentReport,
  ContentVerifyOptions,
} from "./content_types.ts";
import { contentAt, verifyAll } from "./content_verify.ts";

/** Most bytes that are handed out as one array: 64 MiB. */
export const WHOLE_BYTES_MAX: number = 64 * 1024 * 1024;

/** The digest of fewer bytes takes no longer than handing them to another thread. */
const ASIDE_BYTES_MIN: number = 16 * 1024;

/** Reads a content store. */
export class BlobReader implements ContentReader {
  /** What blobs are named by. */
  protected readonly digest: Digest;
  readonly #tree: TreeReader;

  /** Binds a digest to a tree. */
  constructor(tree: TreeReader, digest: Digest) {
    this.#tree = tree;
    this.digest = digest;
  }

  get(id: ContentId): Uint8Array | undefined {
    const head = this.readable(id);
    if (head === undefined) return undefined;
    checkWhole(id, head.length);
    return readWhole(this.#tree, id, head, this.digest);
  }

  async read(id: ContentId): Promise<Uint8Array | undefined> {
    const head = this.readable(id);
    if (head === undefined) return undefined;
    checkWhole(id, head.length);
    const { aside } = this.digest;
    if (aside === undefined || head.length < ASIDE_BYTES_MIN) {
      return readWhole(this.#tree, id, head, this.digest);
    }
    const bytes = readUnproven(this.#tree, id, head);
    if (id.has(await aside(bytes))) return bytes;
    throw corrupt(id, "it does not match its digest");
  }

  stream(id: ContentId): ReadableStream<Uint8Array> | undefined {
    const head = this.readable(id);
    return head === undefined ? undefined : outflow(this.#tree.hold(), this.digest, id, head);
  }

  range(id: ContentId, from: number, to: number = Infinity): Uint8Array | undefined {
    const isEnd = to === Infinity || Number.isSafeInteger(to);
    if (!Number.isSafeInteger(from) || from < 0 || !isEnd || to < from) {
      throw new RangeError("A range is from one whole number up to another");
    }
    const head = this.readable(id);
    if (head === undefined) return undefined;
    const end = Math.min(to, head.length);
    if (from >= end) return new Uint8Array(0);
    checkWhole(id, end - from);
    return readPart(this.#tree, id, head, from, end);
  }

  has(id: ContentId): boolean {
    return this.names(id) && headOf(this.#tree, id)?.aside === false;
  }

  length(id: ContentId): number | undefined {
    return this.names(id) ? headOf(this.#tree, id)?.length : undefined;
  }

  entries(): ContentEntries {
    const { name } = this.digest;
    return new BlobWalk(this.#tree.cursor(HEADS), WHOLE, (cursor): ContentEntry => {
      const { id, head: { length, aside } } = contentAt(cursor, name);
      return { id, length, aside };
    });
  }

  async verify(options: ContentVerifyOptions = {}): Promise<ContentReport> {
    checkOptions(options, ["signal", "onProgress"], "verify");
    const { damaged, ...report } = await verifyAll(this.#tree, this.digest, options);
    return { ...report, damaged: damaged.map(({ id, code }) => ({ id, code })) };
  }

  /** Whether an id can name a blob here. */
  protected names(id: ContentId): boolean {
    if (!(id instanceof ContentId)) throw new TypeError("The name of a blob is a ContentId");
    return id.isBy(this.digest.name, this.digest.outputLen);
  }

  /** The head of a blob that is not set aside. @throws {CorruptionError} */
  protected readable(id: ContentId): Head | undefined {
    const head = this.names(id) ? headOf(this.#tree, id) : undefined;
    if (head?.aside) throw corrupt(id, "it was found damaged, and set aside");
    return head;
  }
}

/** Refuses options that there are not. @throws {TypeError} */
export function checkOptions(options: object, known: readonly string[], of: string): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`Unknown option "${unknown}" of a ${of}`);
}

function checkWhole(id: ContentId, length: number): void {
  if (length <= WHOLE_BYTES_MAX) return;
  throw new StateError(
    "TOO_LARGE",
    `Cannot read ${length} bytes of ${id} at once: the limit is ${WHOLE_BYTES_MAX}; use stream()`,
  );
}

/** A walk that can be waited for. */
class BlobWalk extends CursorIterator<ContentEntry> implements ContentEntries {
  [Symbol.asyncIterator](): AsyncIterableIterator<ContentEntry> {
    return new AwaitedWalk(this);
  }
}

/** A walk, for those who wait: it lets go as the other does, even if it was never begun. */
class AwaitedWalk implements AsyncIterableIterator<ContentEntry> {
  readonly #walk: BlobWalk;

  constructor(walk: BlobWalk) {
    this.#walk = walk;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // deno-lint-ignore require-await -- what it throws is what the promise rejects with
  async next(): Promise<IteratorResult<ContentEntry>> {
    return this.#walk.next();
  }

  // deno-lint-ignore require-await -- as above
  async return(): Promise<IteratorResult<ContentEntry>> {
    return this.#walk.return();
  }

  // deno-lint-ignore require-await -- as above
  async throw(error?: unknown): Promise<IteratorResult<ContentEntry>> {
    return this.#walk.throw(error);
  }
}
