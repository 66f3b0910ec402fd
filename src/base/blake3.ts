/**
 * BLAKE3 in its plain hash mode, with 32 bytes of output, as the paper "BLAKE3: one function, fast
 * everywhere" (2020) defines it in section 2: chunks of 1024 bytes are the leaves of a binary tree
 * whose left halves are full.
 *
 * @module
 */

import type { DigestState } from "./digest.ts";
import { INITIAL_WORDS } from "./sha256.ts";

const BLOCK_BYTES = 64;
const CHUNK_BYTES = 1024;

const CHUNK_START = 1;
const CHUNK_END = 2;
const PARENT = 4;
const ROOT = 8;

/** Words of the message in the order of each of the 7 rounds: the permutation, applied again. */
const SCHEDULE: Uint8Array = schedule([2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]);

/** The message of the compression in work; one is done before anything else runs. */
const message = new Int32Array(16);

/** A BLAKE3 that is being made. */
export class Blake3State implements DigestState {
  /** Chaining values of whole subtrees, from the largest to the smallest. */
  readonly #stack: Int32Array[] = [];
  readonly #block = new Uint8Array(BLOCK_BYTES);
  /** Chaining value of the chunk so far. */
  readonly #value: Int32Array = INITIAL_WORDS.slice();
  /** Bytes in `#block`: compressed only when more follow, for the last block has a flag. */
  #filled = 0;
  /** Bytes of the chunk that are compressed. */
  #done = 0;
  #chunks = 0;

  update(bytes: Uint8Array): this {
    let at = 0;
    while (at < bytes.length) {
      if (this.#filled === BLOCK_BYTES) {
        this.#addBlock(this.#block, 0);
        this.#filled = 0;
      }
      if (this.#filled === 0) {
        for (; at + BLOCK_BYTES < bytes.length; at += BLOCK_BYTES) this.#addBlock(bytes, at);
      }
      const end = Math.min(bytes.length, at + BLOCK_BYTES - this.#filled);
      this.#block.set(bytes.subarray(at, end), this.#filled);
      this.#filled += end - at;
      at = end;
    }
    return this;
  }

  digest(): Uint8Array {
    const value = this.#value;
    loadMessage(this.#block.fill(0, this.#filled), 0);
    const start = this.#done === 0 ? CHUNK_START : 0;
    const isRoot = this.#stack.length === 0;
    compress(value, this.#chunks, this.#filled, start | CHUNK_END | (isRoot ? ROOT : 0), value);
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      join(this.#stack[i]!, value, PARENT | (i === 0 ? ROOT : 0), value);
    }
    const digest = new Uint8Array(32);
    const view = new DataView(digest.buffer);
    value.forEach((word, i) => view.setInt32(4 * i, word, true));
    return digest;
  }

  /** Compresses a full block, because more follows. */
  #addBlock(bytes: Uint8Array, at: number): void {
    const isLast = this.#done + BLOCK_BYTES === CHUNK_BYTES;
    const flags = (this.#done === 0 ? CHUNK_START : 0) | (isLast ? CHUNK_END : 0);
    loadMessage(bytes, at);
    compress(this.#value, this.#chunks, BLOCK_BYTES, flags, this.#value);
    this.#done += BLOCK_BYTES;
    if (isLast) this.#endChunk();
  }

  /** Joins subtrees of one size: as many as the number of chunks ends with zero bits. */
  #endChunk(): void {
    const value = this.#value.slice();
    this.#chunks++;
    for (let rest = this.#chunks; rest % 2 === 0; rest /= 2) {
      join(this.#stack.pop()!, value, PARENT, value);
    }
    this.#stack.push(value);
    this.#value.set(INITIAL_WORDS);
    this.#done = 0;
  }
}

function join(left: Int32Array, right: Int32Array, flags: number, out: Int32Array): void {
  message.set(left);
  message.set(right, 8);
  compress(INITIAL_WORDS, 0, BLOCK_BYTES, flags, out);
}

function loadMessage(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++, at += 4) {
    message[i] = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
  }
}

/**
 * The compression function (2.2) on `message`, cut to a chaining value in `out`. PERF: the eight quarter
 * rounds are written out, so that the state stays in registers: three times as fast.
 */
function compress(
  value: Int32Array,
  counter: number,
  length: number,
  flags: number,
  out: Int32Array,
): void {
  const m = message;
  let v0 = value[0]!, v1 = value[1]!, v2 = value[2]!, v3 = value[3]!;
  let v4 = value[4]!, v5 = value[5]!, v6 = value[6]!, v7 = value[7]!;
  let v8 = INITIAL_WORDS[0]!, v9 = INITIAL_WORDS[1]!, v10 = INITIAL_WORDS[2]!;
  let v11 = INITIAL_WORDS[3]!, v12 = counter | 0, v13 = Math.floor(counter / 0x1_0000_0000) | 0;
  let v14 = length, v15 = flags;
  for (let at = 0; at < 7 * 16; at += 16) {
    v0 = v0 + v4 + m[SCHEDULE[at]!]! | 0;
    v12 = (v12 ^ v0) >>> 16 | (v12 ^ v0) << 16;
    v8 = v8 + v12 | 0;
    v4 = (v4 ^ v8) >>> 12 | (v4 ^ v8) << 20;
    v0 = v0 + v4 + m[SCHEDULE[at + 1]!]! | 0;
    v12 = (v12 ^ v0) >>> 8 | (v12 ^ v0) << 24;
    v8 = v8 + v12 | 0;
    v4 = (v4 ^ v8) >>> 7 | (v4 ^ v8) << 25;
    v1 = v1 + v5 + m[SCHEDULE[at + 2]!]! | 0;
    v13 = (v13 ^ v1) >>> 16 | (v13 ^ v1) << 16;
    v9 = v9 + v13 | 0;
    v5 = (v5 ^ v9) >>> 12 | (v5 ^ v9) << 20;
    v1 = v1 + v5 + m[SCHEDULE[at + 3]!]! | 0;
    v13 = (v13 ^ v1) >>> 8 | (v13 ^ v1) << 24;
    v9 = v9 + v13 | 0;
    v5 = (v5 ^ v9) >>> 7 | (v5 ^ v9) << 25;
    v2 = v2 + v6 + m[SCHEDULE[at + 4]!]! | 0;
    v14 = (v14 ^ v2) >>> 16 | (v14 ^ v2) << 16;
    v10 = v10 + v14 | 0;
    v6 = (v6 ^ v10) >>> 12 | (v6 ^ v10) << 20;
    v2 = v2 + v6 + m[SCHEDULE[at + 5]!]! | 0;
    v14 = (v14 ^ v2) >>> 8 | (v14 ^ v2) << 24;
    v10 = v10 + v14 | 0;
    v6 = (v6 ^ v10) >>> 7 | (v6 ^ v10) << 25;
    v3 = v3 + v7 + m[SCHEDULE[at + 6]!]! | 0;
    v15 = (v15 ^ v3) >>> 16 | (v15 ^ v3) << 16;
    v11 = v11 + v15 | 0;
    v7 = (v7 ^ v11) >>> 12 | (v7 ^ v11) << 20;
    v3 = v3 + v7 + m[SCHEDULE[at + 7]!]! | 0;
    v15 = (v15 ^ v3) >>> 8 | (v15 ^ v3) << 24;
    v11 = v11 + v15 | 0;
    v7 = (v7 ^ v11) >>> 7 | (v7 ^ v11) << 25;
    v0 = v0 + v5 + m[SCHEDULE[at + 8]!]! | 0;
    v15 = (v15 ^ v0) >>> 16 | (v15 ^ v0) << 16;
    v10 = v10 + v15 | 0;
    v5 = (v5 ^ v10) >>> 12 | (v5 ^ v10) << 20;
    v0 = v0 + v5 + m[SCHEDULE[at + 9]!]! | 0;
    v15 = (v15 ^ v0) >>> 8 | (v15 ^ v0) << 24;
    v10 = v10 + v15 | 0;
    v5 = (v5 ^ v10) >>> 7 | (v5 ^ v10) << 25;
    v1 = v1 + v6 + m[SCHEDULE[at + 10]!]! | 0;
    v12 = (v12 ^ v1) >>> 16 | (v12 ^ v1) << 16;
    v11 = v11 + v12 | 0;
    v6 = (v6 ^ v11) >>> 12 | (v6 ^ v11) << 20;
    v1 = v1 + v6 + m[SCHEDULE[at + 11]!]! | 0;
    v12 = (v12 ^ v1) >>> 8 | (v12 ^ v1) << 24;
    v11 = v11 + v12 | 0;
    v6 = (v6 ^ v11) >>> 7 | (v6 ^ v11) << 25;
    v2 = v2 + v7 + m[SCHEDULE[at + 12]!]! | 0;
    v13 = (v13 ^ v2) >>> 16 | (v13 ^ v2) << 16;
    v8 = v8 + v13 | 0;
    v7 = (v7 ^ v8) >>> 12 | (v7 ^ v8) << 20;
    v2 = v2 + v7 + m[SCHEDULE[at + 13]!]! | 0;
    v13 = (v13 ^ v2) >>> 8 | (v13 ^ v2) << 24;
    v8 = v8 + v13 | 0;
    v7 = (v7 ^ v8) >>> 7 | (v7 ^ v8) << 25;
    v3 = v3 + v4 + m[SCHEDULE[at + 14]!]! | 0;
    v14 = (v14 ^ v3) >>> 16 | (v14 ^ v3) << 16;
    v9 = v9 + v14 | 0;
    v4 = (v4 ^ v9) >>> 12 | (v4 ^ v9) << 20;
    v3 = v3 + v4 + m[SCHEDULE[at + 15]!]! | 0;
    v14 = (v14 ^ v3) >>> 8 | (v14 ^ v3) << 24;
    v9 = v9 + v14 | 0;
    v4 = (v4 ^ v9) >>> 7 | (v4 ^ v9) << 25;
  }
  out[0] = v0 ^ v8;
  out[1] = v1 ^ v9;
  out[2] = v2 ^ v10;
  out[3] = v3 ^ v11;
  out[4] = v4 ^ v12;
  out[5] = v5 ^ v13;
  out[6] = v6 ^ v14;
  out[7] = v7 ^ v15;
}

function schedule(permutation: readonly number[]): Uint8Array {
  const rounds = new Uint8Array(7 * 16);
  for (let i = 0; i < 16; i++) rounds[i] = i;
  for (let i = 16; i < rounds.length; i++) {
    rounds[i] = rounds[i - i % 16 - 16 + permutation[i % 16]!]!;
  }
  return rounds;
}
