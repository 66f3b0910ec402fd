/**
 * Bytes that arrive in pieces and are taken in others.
 *
 * @module
 */

const LINE_FEED = 0x0a;

/** A queue of bytes. It holds what was pushed and not taken, and grows with nothing else. */
export class ByteQueue {
  #bytes = new Uint8Array(0);
  #begin = 0;
  #end = 0;
  /** Up to here there is no line feed. */
  #searched = 0;

  /** How many bytes are waiting. */
  get length(): number {
    return this.#end - this.#begin;
  }

  /** Appends a copy of `bytes`. */
  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The byte at an offset, which must be less than `length`. */
  at(offset: number): number {
    return this.#bytes[this.#begin + offset]!;
  }

  /** Takes `count` bytes, which must be there, as a copy. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#begin, this.#begin + count);
    this.#begin += count;
    this.#searched = Math.max(this.#searched, this.#begin);
    return taken;
  }

  /** Takes a line with its line feed, or `undefined` when there is no whole one. */
  takeLine(): Uint8Array | undefined {
    const found = this.#bytes.subarray(0, this.#end).indexOf(LINE_FEED, this.#searched);
    if (found >= 0) return this.take(found + 1 - this.#begin);
    this.#searched = this.#end;
    return undefined;
  }

  #makeRoom(count: number): void {
    const { length } = this;
    const from = this.#bytes;
    const needed = length + count;
    if (needed > from.length || from.length > 4 * needed + 65_536) {
      this.#bytes = new Uint8Array(2 * needed);
    }
    this.#bytes.set(from.subarray(this.#begin, this.#end));
    this.#searched -= this.#begin;
    this.#begin = 0;
    this.#end = length;
  }
}
