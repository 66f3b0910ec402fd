/**
 * Who a store is: entropy of its own, that stays.
 *
 * | offset | bytes | content                                                            |
 * | ------ | ----- | ------------------------------------------------------------------ |
 * | 0      | 4096  | a slot (see `slot_register.ts`): u16 format, u16 zero, 32 random bytes |
 * | 4096   | 4096  | the same once more; never written again                            |
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { Checksum } from "../base/checksum.ts";
import { sipHash } from "../base/sip_hash.ts";
import { CorruptionError, FormatError } from "../errors.ts";
import type { IoAdapter, IoFile } from "../io/adapter.ts";
import { fileMagic } from "./file_magic.ts";
import { createWhole, takeLock } from "./owned_file.ts";
import { type SlotLayout, SlotRegister } from "./slot_register.ts";

/** Format of the files this code writes. */
const FORMAT = 1;
const LAYOUT: SlotLayout = { magic: fileMagic("ID1"), offset: 0, slotBytes: 4096, slots: 2 };
const FILE_BYTES = 8192;
/** Bytes of entropy. */
const SEED_BYTES = 32;

/**
 * The identity of a store: 32 random bytes, made once and never changed. What is derived from them
 * differs from store to store and is the same at every opening.
 *
 * ```ts
 * import { Identity } from "@holdfast/holdfast";
 * import { memoryIo } from "@holdfast/holdfast/adapters/memory";
 *
 * const io = memoryIo();
 * const first = await Identity.open(io, "/store.identity");
 * const again = await Identity.open(io, "/store.identity");
 * const bytes = new TextEncoder().encode("key");
 * console.log(first.id === again.id, first.checksum(bytes) === again.checksum(bytes)); // true true
 * console.log(first.nonce() === again.nonce()); // false
 * ```
 */
export class Identity {
  /** Its name for people and protocols: a UUID of version 4, from the first 16 bytes. */
  readonly id: string;
  readonly #key: Uint8Array;
  readonly #random: (bytes: Uint8Array) => void;

  private constructor(seed: Uint8Array, random: (bytes: Uint8Array) => void) {
    this.id = uuidOf(seed);
    this.#key = seed.slice(16);
    this.#random = random;
  }

  /**
   * Opens the identity in the file `name`, which is created if it is missing; its folder must exist.
   * Nothing stays open, and any number of programs may share the file. When this resolves, it is
   * durable.
   *
   * @throws {StateError} `LOCKED`: somebody else is creating it
   * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
   * @throws {CorruptionError} `CORRUPT_JOURNAL`: both copies are damaged, or the file has another size
   * @throws {IoError} `NO_SPACE`, `IO_*`
   */
  static async open(io: IoAdapter, name: string): Promise<Identity> {
    const checksum = new Checksum(io.crc32);
    if (await io.stat(name) === undefined) await createIdentity(io, name, checksum);
    // Durable after this: the name. Its creator may have died between rename and sync.
    await io.syncDirectory(name);
    const file = await io.open(name, "read");
    try {
      return new Identity(readSeed(file, name, checksum), (bytes) => io.random(bytes));
    } finally {
      file.close();
    }
  }

  /**
   * Makes an identity of entropy that is kept elsewhere.
   * @param seed 32 random bytes; copied
   * @param random where nonces come from: fills with unpredictable bytes. Default: the platform
   * @throws {RangeError} if there are not 32 bytes
   */
  static create(
    seed: Uint8Array,
    random: (bytes: Uint8Array) => void = fillRandom,
  ): Identity {
    if (seed.length !== SEED_BYTES) {
      throw new RangeError(`An identity is made of ${SEED_BYTES} bytes, not ${seed.length}`);
    }
    return new Identity(seed, random);
  }

  /** The last 16 bytes, a copy: the key of `checksum`. Keep it from those who choose what is hashed. */
  get salt(): Uint8Array {
    return this.#key.slice();
  }

  /** A fresh random integer of 64 bits: another one at each call. */
  nonce(): bigint {
    const bytes = new Uint8Array(8);
    this.#random(bytes);
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }

  /** An integer of 32 bits that marks what belongs to this store: the same at each call. */
  tag(): number {
    return Number(this.checksum(new Uint8Array(0)) & 0xffff_ffffn);
  }

  /**
   * A keyed checksum of 64 bits, SipHash-2-4: those who do not know the salt can neither predict it
   * nor choose bytes that collide.
   */
  checksum(bytes: Uint8Array): bigint {
    return sipHash(this.#key, bytes);
  }
}

/** Creates the file unless somebody else did meanwhile. */
async function createIdentity(io: IoAdapter, name: string, checksum: Checksum): Promise<void> {
  const lock = await takeLock(io, name);
  try {
    if (await io.stat(lock.path) !== undefined) return;
    const seed = new Uint8Array(SEED_BYTES);
    io.random(seed);
    const out = new ByteWriter(36);
    out.u16(FORMAT);
    out.u16(0);
    out.raw(seed);
    await createWhole(io, lock.path, (file) => {
      const register = new SlotRegister(file, checksum, LAYOUT);
      for (let copy = 0; copy < LAYOUT.slots; copy++) register.write(out.toBytes());
    });
  } finally {
    lock.release();
  }
}

function readSeed(file: IoFile, path: string, checksum: Checksum): Uint8Array {
  const { value, ours } = new SlotRegister(file, checksum, LAYOUT).read();
  if (!ours) {
    throw new FormatError("NOT_OUR_FILE", `Cannot open "${path}": it is no identity`, { path });
  }
  if (value === undefined || file.size() !== FILE_BYTES) {
    throw new CorruptionError("CORRUPT_JOURNAL", `Cannot open "${path}": it is damaged`, {
      path,
      offset: 0,
    });
  }
  const input = new ByteReader(value);
  const format = input.u16();
  if (format > FORMAT) {
    throw new FormatError("FORMAT_NEWER", `Cannot open "${path}": it has format ${format}`, {
      path,
    });
  }
  input.u16();
  return input.raw(SEED_BYTES).slice();
}

function uuidOf(seed: Uint8Array): string {
  const hex = Array.from(seed.subarray(0, 16), (byte, at) => {
    const bits = at === 6 ? byte & 0x0f | 0x40 : at === 8 ? byte & 0x3f | 0x80 : byte;
    return bits.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function fillRandom(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
