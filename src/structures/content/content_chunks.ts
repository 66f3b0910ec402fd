/**
 * Reading the bytes of blobs.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import { codec } from "../../base/codec.ts";
import type { Digest } from "../../base/digest.ts";
import type { Codec } from "../../base/key_codec.ts";
import { CorruptionError } from "../../errors.ts";
import type { TreeReader } from "../../kernel/definition.ts";
import { ContentId } from "./content_id.ts";
import {
  chunkCount,
  chunkKey,
  chunkLength,
  type Head,
  headCodec,
  headKey,
} from "./content_layout.ts";

/** Most bytes that a digest takes at once: those of some platforms refuse 2 GiB. */
const UPDATE_BYTES: number = 64 * 1024 * 1024;

/** The head of a blob, if it is there. */
export function headOf(tree: TreeReader, id: ContentId): Head | undefined {
  return tree.get(headKey(id), headCodec);
}

/** The error for a blob whose bytes are not what its id says. */
export function corrupt(id: ContentId, why: string): CorruptionError {
  return new CorruptionError("CORRUPT_CONTENT", `Cannot read ${id}: ${why}`);
}

/** Bytes that will be compared with the id: the checksum of the kernel would be a second proof. */
const PROVEN: Codec<Uint8Array> = {
  name: codec.bytes.name,
  views: true,
  provenByCaller: true,
  encode: (value, out) => codec.bytes.encode(value, out),
  decode: (bytes, begin, end) => codec.bytes.decode(bytes, begin, end),
};

/** A chunk, owned by the caller. @throws {CorruptionError} */
export function readChunk(
  tree: TreeReader,
  id: ContentId,
  head: Head,
  chunk: number,
  as: Codec<Uint8Array> = codec.bytes,
): Uint8Array {
  const bytes = tree.get(chunkKey(head.serial, chunk), as);
  if (bytes?.length === chunkLength(head, chunk)) return bytes;
  throw corrupt(id, bytes === undefined ? "a part is missing" : "a part has another length");
}

/** All bytes of a blob, to be compared with its id. @throws {CorruptionError} */
export function readUnproven(tree: TreeReader, id: ContentId, head: Head): Uint8Array {
  return chunkCount(head) === 1
    ? readChunk(tree, id, head, 0, PROVEN)
    : readPart(tree, id, head, 0, head.length, true);
}

/**
 * All bytes of a blob, which agree with its id.
 *
 * @throws {CorruptionError} that of the kernel, where it was the file that changed
 */
export function readWhole(
  tree: TreeReader,
  id: ContentId,
  head: Head,
  digest: Digest,
): Uint8Array {
  const bytes = readUnproven(tree, id, head);
  if (id.has(digestOf(digest, bytes))) return bytes;
  readPart(tree, id, head, 0, head.length);
  throw corrupt(id, "it does not match its digest");
}

/**
 * The bytes of a blob from `from` up to `to`, which lie within it; `provenByCaller` as of a codec.
 *
 * @throws {CorruptionError}
 */
export function readPart(
  tree: TreeReader,
  id: ContentId,
  head: Head,
  from: number,
  to: number,
  provenByCaller = false,
): Uint8Array {
  const { serial, chunkBytes } = head;
  const first = Math.floor(from / chunkBytes);
  const part = new PartCodec(new Uint8Array(to - from), provenByCaller);
  for (let chunk = first; chunk * chunkBytes < to; chunk++) {
    part.shift = chunk * chunkBytes - from;
    const length = tree.get(chunkKey(serial, chunk), part);
    if (length === undefined) throw corrupt(id, "a part is missing");
    if (length !== chunkLength(head, chunk)) throw corrupt(id, "a part has another length");
  }
  return part.target;
}

/** The id by a digest that was made. @throws {TypeError} if the digest is not as long as it says */
export function idOf(digest: Digest, bytes: Uint8Array): ContentId {
  const id = new ContentId(digest.name, bytes);
  if (id.isBy(digest.name, digest.outputLen)) return id;
  throw new TypeError(`The digest ${digest.name} does not have ${digest.outputLen} bytes`);
}

/** The digest of bytes. */
export function digestOf(digest: Digest, bytes: Uint8Array): Uint8Array {
  if (digest.whole !== undefined && bytes.length <= UPDATE_BYTES) return digest.whole(bytes);
  const state = digest.create();
  for (let at = 0; at < bytes.length; at += UPDATE_BYTES) {
    state.update(bytes.subarray(at, at + UPDATE_BYTES));
  }
  return state.digest();
}

/** Copies what it decodes into a target, as far as it lies there; the value is its length. */
class PartCodec implements Codec<number> {
  readonly name = "content-part";
  readonly target: Uint8Array;
  readonly provenByCaller: boolean;
  /** Where in the target the next value begins; it may lie outside. */
  shift = 0;

  constructor(target: Uint8Array, provenByCaller: boolean) {
    this.target = target;
    this.provenByCaller = provenByCaller;
  }

  encode(_value: number, _out: ByteWriter): void {
    throw new TypeError("Parts are only read");
  }

  room(length: number): Uint8Array | undefined {
    const { target, shift } = this;
    const lies = shift >= 0 && shift + length <= target.length;
    return lies ? target.subarray(shift, shift + length) : undefined;
  }

  decode(bytes: Uint8Array, begin: number, end: number): number {
    const { target, shift } = this;
    // It is there already, if there was room for it.
    if (bytes.buffer === target.buffer) return end - begin;
    const first = begin + Math.max(0, -shift);
    const last = Math.min(end, begin + target.length - shift);
    if (first < last) target.set(bytes.subarray(first, last), Math.max(0, shift));
    return end - begin;
  }
}
