/**
 * Reading all blobs of a store to see whether they are what their ids say.
 *
 * @module
 */

import type { Digest } from "../../base/digest.ts";
import { CorruptionError } from "../../errors.ts";
import type { CheckProblem } from "../../kernel/check/check.ts";
import type { HeldCursor, TreeReader } from "../../kernel/definition.ts";
import { visitCursor, WHOLE } from "../cursor_iterator.ts";
import { corrupt, readChunk } from "./content_chunks.ts";
import { ContentId } from "./content_id.ts";
import { chunkCount, chunkKey, type Head, headCodec, HEADS } from "./content_layout.ts";
import type { ContentReport, ContentVerifyOptions, DamagedContent } from "./content_types.ts";

/** Bytes that are read before other work gets its turn: some milliseconds of digest. */
const TURN_BYTES: number = 2 * 1024 * 1024;

/** What a blob counts for beside its bytes: a look-up costs as much as the digest of so many. */
const BLOB_COST: number = 4 * 1024;

const PROBLEMS_MAX = 1000;

/** A damaged blob, with the version of its head that was read. */
export interface DamagedHead extends DamagedContent {
  readonly head: Head;
}

/** A {@linkcode ContentReport} with the heads. */
export interface HeadReport extends ContentReport {
  readonly damaged: readonly DamagedHead[];
}

/** The id and the head at a cursor that is on a head. */
export function contentAt(cursor: HeldCursor, digest: string): { id: ContentId; head: Head } {
  cursor.loadValue();
  return {
    id: new ContentId(digest, cursor.keyBytes.subarray(cursor.keyBegin + 1, cursor.keyEnd)),
    head: headCodec.decode(cursor.valueBytes, cursor.valueBegin, cursor.valueEnd),
  };
}

/** Reads all blobs of a tree, as they are at the call. */
export async function verifyAll(
  tree: TreeReader,
  digest: Digest,
  { signal, onProgress }: ContentVerifyOptions,
): Promise<HeadReport> {
  signal?.throwIfAborted();
  const damaged: DamagedHead[] = [];
  let blobs = 0;
  let bytes = 0;
  let work = 0;
  const held = tree.hold();
  try {
    const cursor = held.cursor(HEADS);
    try {
      while (cursor.next()) {
        const { id, head } = contentAt(cursor, digest.name);
        const steps = verifyOne(held, digest, id, head);
        for (let step = steps.next();; step = steps.next()) {
          work += step.done ? BLOB_COST : step.value;
          if (work >= TURN_BYTES) {
            work = 0;
            await new Promise<void>((resolve) => setTimeout(resolve, 0));
            signal?.throwIfAborted();
          }
          if (!step.done) continue;
          if (step.value !== undefined) damaged.push({ id, head, code: step.value.code });
          break;
        }
        blobs++;
        bytes += head.length;
        onProgress?.({ blobs, bytes });
        signal?.throwIfAborted();
      }
    } finally {
      cursor.close();
    }
  } finally {
    held.close();
  }
  return { ok: damaged.length === 0, blobs, bytes, damaged };
}

/** Reads a blob, yielding the bytes of each step. @returns what is wrong with it */
function* verifyOne(
  tree: TreeReader,
  digest: Digest,
  id: ContentId,
  head: Head,
): Generator<number, CorruptionError | undefined> {
  if (head.aside) return corrupt(id, "it was set aside");
  try {
    const state = digest.create();
    for (let chunk = 0; chunk < chunkCount(head); chunk++) {
      const bytes = readChunk(tree, id, head, chunk);
      state.update(bytes);
      yield bytes.length;
    }
    return id.has(state.digest()) ? undefined : corrupt(id, "it does not match its digest");
  } catch (error) {
    if (error instanceof CorruptionError) return error;
    throw error;
  }
}

/** Blobs of which parts are missing, for `db.check`: their bytes are not compared with their ids. */
export function missingParts(tree: TreeReader, digest: string): CheckProblem[] {
  const problems: CheckProblem[] = [];
  visitCursor(tree.cursor(HEADS), WHOLE, (cursor) => {
    const { id, head } = contentAt(cursor, digest);
    for (let chunk = 0; chunk < chunkCount(head); chunk++) {
      if (tree.has(chunkKey(head.serial, chunk)) || head.aside) continue;
      if (problems.length >= PROBLEMS_MAX) return;
      problems.push({ code: "CORRUPT_CONTENT", message: `${id} lacks chunk ${chunk}` });
    }
  });
  return problems;
}
