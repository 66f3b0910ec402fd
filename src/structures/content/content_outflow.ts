/**
 * A blob as a stream.
 *
 * @module
 */

import type { Digest } from "../../base/digest.ts";
import type { HeldTree } from "../../kernel/definition.ts";
import { corrupt, readChunk } from "./content_chunks.ts";
import type { ContentId } from "./content_id.ts";
import { chunkCount, type Head } from "./content_layout.ts";

/**
 * A stream of the chunks of a blob, read as they are asked for. Takes over the tree, and closes it at
 * the end, when the stream is cancelled, and when it fails.
 */
export function outflow(
  tree: HeldTree,
  digest: Digest,
  id: ContentId,
  head: Head,
): ReadableStream<Uint8Array> {
  const chunks = chunkCount(head);
  const state = digest.create();
  let next = 0;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      try {
        const bytes = readChunk(tree, id, head, next);
        next++;
        state.update(bytes);
        if (next === chunks && !id.has(state.digest())) {
          throw corrupt(id, "it does not match its digest");
        }
        // A stream has no empty pieces.
        if (bytes.length > 0) controller.enqueue(bytes);
      } catch (error) {
        tree.close();
        throw error;
      }
      if (next < chunks) return;
      tree.close();
      controller.close();
    },
    cancel: () => tree.close(),
  }, { highWaterMark: 0 });
}
