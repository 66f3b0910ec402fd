/**
 * Changes of a content store, step by step.
 *
 * A head names chunks, so at every isolation it changes only as it was seen ("unchanged"): who puts
 * a blob again and who removes it conflict.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { CorruptionError } from "../../errors.ts";
import type { TreeWriter } from "../../kernel/definition.ts";
import type { ContentId } from "./content_id.ts";
import {
  arrivingKey,
  chunkBytesFor,
  chunkCount,
  chunkKey,
  type Head,
  headCodec,
  headKey,
  nextSerial,
} from "./content_layout.ts";

const headOut = new ByteWriter(64);

/** A serial that no chunk has, nor one that a view still shows. */
export function takeSerial(tree: TreeWriter): number {
  // What transactions in doubt have removed is seen by some, and what they have put by others.
  return tree.takeSerial((prepared) => Math.max(nextSerial(prepared), nextSerial(tree)));
}

/** Writes a head. */
export function putHead(tree: TreeWriter, id: ContentId, head: Head): void {
  headOut.reset();
  headCodec.encode(head, headOut);
  tree.put(headKey(id), headOut.bytes, headOut.length, "unchanged");
}

/** Writes a head that is there as another version. */
export function restamp(tree: TreeWriter, id: ContentId, head: Head, aside: boolean): void {
  putHead(tree, id, { ...head, aside, stamp: head.stamp + 1 });
}

/** Stores bytes under an id that is not there, or set aside as `old`. */
export function putBlob(
  tree: TreeWriter,
  id: ContentId,
  bytes: Uint8Array,
  old: Head | undefined,
): void {
  const { length } = bytes;
  const chunkBytes = chunkBytesFor(length);
  tree.atomic(() => {
    const serial = takeSerial(tree);
    const head = { aside: false, length, serial, chunkBytes, stamp: 0 };
    for (let chunk = 0; chunk < chunkCount(head); chunk++) {
      const at = chunk * chunkBytes;
      const part = length <= chunkBytes ? bytes : bytes.subarray(at, at + chunkBytes);
      tree.put(chunkKey(serial, chunk), part, part.length);
    }
    replaceHead(tree, id, head, old);
  });
}

/** Writes the head of chunks that are there, in place of one that was set aside. */
export function replaceHead(
  tree: TreeWriter,
  id: ContentId,
  head: Head,
  old: Head | undefined,
): void {
  putHead(tree, id, head);
  if (old === undefined) return;
  removeDamaged(tree, old.serial, chunkCount(old));
}

/** Removes a blob whose head was just read. */
export function removeBlob(tree: TreeWriter, id: ContentId, head: Head): void {
  tree.atomic(() => {
    // The first serial since the store was opened is above all there are: ask while they are there.
    takeSerial(tree);
    tree.remove(headKey(id), "unchanged");
    const remove = head.aside ? removeDamaged : removeChunks;
    remove(tree, head.serial, chunkCount(head));
  });
}

/** Removes chunks of a serial. */
export function removeChunks(tree: TreeWriter, serial: number, count: number): void {
  for (let chunk = 0; chunk < count; chunk++) tree.remove(chunkKey(serial, chunk));
}

/** Says that a stream arrives under a serial. */
export function beginArrival(tree: TreeWriter, serial: number): void {
  tree.put(arrivingKey(serial), NOTHING, 0);
}

/** Says that it does so no more. */
export function endArrival(tree: TreeWriter, serial: number): void {
  tree.remove(arrivingKey(serial));
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** Removes chunks; those on pages that cannot be read stay there, and nobody asks for them again. */
function removeDamaged(tree: TreeWriter, serial: number, count: number): void {
  for (let chunk = 0; chunk < count; chunk++) {
    try {
      tree.remove(chunkKey(serial, chunk));
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
    }
  }
}
