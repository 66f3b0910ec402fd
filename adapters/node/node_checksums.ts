/**
 * Checksums and digests that Node, Deno and Bun have natively.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Digest, DigestState } from "../../src/base/digest.ts";

/** CRC-32 (IEEE), continued from `value`. */
export function nodeChecksum(bytes: Uint8Array, value?: number): number {
  return crc32(bytes, value);
}

const sha256: Digest = {
  name: "sha256",
  outputLen: 32,
  create: (): DigestState => createHash("sha256"),
  aside: async (bytes): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)),
};

/** SHA-256; of the others that we name there is none that works on every runtime. */
export function nodeDigest(name: string): Digest | undefined {
  return name === sha256.name ? sha256 : undefined;
}
