/**
 * The writing view of a content store.
 *
 * @module
 */

import type { Digest } from "../../base/digest.ts";
import type { TreeWriter } from "../../kernel/definition.ts";
import { putBlob, removeBlob, restamp } from "./content_changes.ts";
import { digestOf, headOf, idOf } from "./content_chunks.ts";
import type { ContentId } from "./content_id.ts";
import { putStream } from "./content_inflow.ts";
import { isSameVersion } from "./content_layout.ts";
import { BlobReader, checkOptions } from "./content_reader.ts";
import type {
  ContentPutOptions,
  ContentRepairOptions,
  ContentReport,
  ContentWriter,
} from "./content_types.ts";
import { verifyAll } from "./content_verify.ts";

/** Reads and changes a content store. */
export class BlobWriter extends BlobReader implements ContentWriter {
  readonly #tree: TreeWriter;

  /** Binds a digest to a tree of a transaction. */
  constructor(tree: TreeWriter, digest: Digest) {
    super(tree, digest);
    this.#tree = tree;
  }

  put(bytes: Uint8Array): ContentId;
  put(stream: ReadableStream<Uint8Array>, options?: ContentPutOptions): Promise<ContentId>;
  put(
    content: Uint8Array | ReadableStream<Uint8Array>,
    options: ContentPutOptions = {},
  ): ContentId | Promise<ContentId> {
    checkOptions(options, ["signal"], "put");
    if (content instanceof Uint8Array) return this.#put(content);
    if (typeof content?.getReader !== "function") {
      throw new TypeError("A blob is a Uint8Array or a ReadableStream of them");
    }
    return putStream(this.#tree, this.digest, content, options.signal);
  }

  touch(id: ContentId): boolean {
    const head = this.names(id) ? headOf(this.#tree, id) : undefined;
    if (head === undefined || head.aside) return false;
    restamp(this.#tree, id, head, false);
    return true;
  }

  delete(id: ContentId): boolean {
    const head = this.names(id) ? headOf(this.#tree, id) : undefined;
    if (head === undefined) return false;
    removeBlob(this.#tree, id, head);
    return true;
  }

  override async verify(options: ContentRepairOptions = {}): Promise<ContentReport> {
    checkOptions(options, ["quarantine", "signal", "onProgress"], "verify");
    const tree = this.#tree;
    const { damaged, ...report } = await verifyAll(tree, this.digest, options);
    if (options.quarantine === true) {
      tree.atomic(() => {
        for (const { id, head } of damaged) {
          const isSame = !head.aside && isSameVersion(head, headOf(tree, id));
          if (isSame) restamp(tree, id, head, true);
        }
      });
    }
    return { ...report, damaged: damaged.map(({ id, code }) => ({ id, code })) };
  }

  #put(bytes: Uint8Array): ContentId {
    const id = idOf(this.digest, digestOf(this.digest, bytes));
    const head = headOf(this.#tree, id);
    if (head === undefined || head.aside) putBlob(this.#tree, id, bytes, head);
    else restamp(this.#tree, id, head, false);
    return id;
  }
}
