/**
 * The entry of a vector that holds its length: key, one byte 0, which is below those of all chunks;
 * value, the length as u64, big-endian. PERF: above them it kept a vector that grows from filling
 * its leaves, which took a quarter more pages.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { checkWidth, malformed } from "../../base/codec_error.ts";
import type { Codec } from "../../base/key_codec.ts";
import { serialAt, serialKey } from "../serial_tree.ts";

const key = new ByteWriter(1);
key.u8(0);

/** Its key, in a buffer that nobody writes. */
export const LENGTH_KEY: ByteWriter = key;

/** The lowest key of a chunk. */
export const FIRST_CHUNK: Uint8Array = new Uint8Array(8);

/** Its value. */
export const lengthCodec: Codec<number> = {
  name: "length",
  encode(length: number, out: ByteWriter): void {
    serialKey(length, out);
  },
  decode(bytes: Uint8Array, begin: number, end: number): number {
    checkWidth("length", 8, end - begin);
    const length = serialAt(bytes, begin);
    if (!Number.isSafeInteger(length)) throw malformed("length", `${length} elements`);
    return length;
  },
};
