/**
 * Digests: the names of contents. Incremental and synchronous, so that a digest of a stream is made
 * while it arrives and a digest of bytes within a transaction's step.
 *
 * @module
 */

import { Blake3State } from "./blake3.ts";
import { Sha256State } from "./sha256.ts";

/** A digest that is being made. */
export interface DigestState {
  /** Takes more bytes; the array is not kept. What it returns is of no use here. */
  update(bytes: Uint8Array): unknown;
  /** The digest of all that was taken, a fresh array. Called once, at the end. */
  digest(): Uint8Array;
}

/**
 * A digest function. Those of `@noble/hashes` fit as they are once they have a name:
 * `{ name: "blake2b", outputLen: 64, create: () => blake2b.create() }`.
 */
export interface Digest {
  /** Its name, as it stands in ids and in the file: letters, digits, "-" and "_". */
  readonly name: string;
  /** Bytes of a digest: 1 to 255. */
  readonly outputLen: number;
  /** Begins a digest. */
  create(): DigestState;
  /** The digest of bytes that are all there, up to 64 MiB, where that costs less than a state. */
  readonly whole?: (bytes: Uint8Array) => Uint8Array;
  /** The digest of bytes that nobody writes to meanwhile, made off the thread where that can be done. */
  readonly aside?: (bytes: Uint8Array) => Promise<Uint8Array>;
}

/** The digest functions that need nothing but this library. */
export type DigestName = "sha256" | "blake3";

/** SHA-256 (FIPS 180-4), in portable code. */
export const sha256: Digest = {
  name: "sha256",
  outputLen: 32,
  create: (): DigestState => new Sha256State(),
};

/** BLAKE3 with 32 bytes of output (the BLAKE3 paper, 2020, section 2), in portable code. */
export const blake3: Digest = {
  name: "blake3",
  outputLen: 32,
  create: (): DigestState => new Blake3State(),
};

const PORTABLE: Readonly<Record<string, Digest>> = { sha256, blake3 };

/** The portable digest function of a name. @throws {RangeError} if there is none */
export function digestNamed(name: string): Digest {
  const digest = Object.hasOwn(PORTABLE, name) ? PORTABLE[name] : undefined;
  if (digest !== undefined) return digest;
  throw new RangeError(`There is no digest "${name}": give one of ${Object.keys(PORTABLE)}`);
}
