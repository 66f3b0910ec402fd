/**
 * So many neighbouring elements, as they are kept.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import { malformed } from "../../base/codec_error.ts";
import type { Codec } from "../../base/key_codec.ts";
import type { ColumnArray, NumberArray } from "./column.ts";
import type { ElementLayout } from "./element_layout.ts";

/**
 * A chunk in memory; see `vector.ts` for its bytes. As a codec it reads its own bytes: nothing is
 * allocated to go from one chunk to another.
 */
export class Chunk implements Codec<Chunk> {
  /** Never stored. */
  readonly name = "chunk";
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Which slots have an element: bit `at & 7` of byte `at >> 3`. */
  readonly bits: Uint8Array<ArrayBuffer>;
  /** Its columns. */
  readonly arrays: readonly ColumnArray[];
  /** Its number; -1 while it is none. */
  number = -1;
  /** The index of its first element; beyond all while it is none. */
  begin: number = Infinity;
  /** Whether it is going to be written. */
  dirty = false;
  readonly #layout: ElementLayout<unknown>;

  /** A chunk of a layout, which is none yet. */
  constructor(layout: ElementLayout<unknown>) {
    const buffer = new ArrayBuffer(layout.bytes);
    this.#layout = layout;
    this.bytes = new Uint8Array(buffer);
    this.bits = new Uint8Array(buffer, 0, Math.ceil(layout.capacity / 8));
    this.arrays = layout.columns.map(({ column, offset }) =>
      new column.type(buffer, offset, layout.capacity * column.stride)
    );
  }

  /** Becomes the chunk of a number, without elements. */
  reset(number: number): void {
    this.bytes.fill(0);
    this.number = number;
    this.begin = number * this.#layout.capacity;
  }

  /** Becomes none. */
  leave(): void {
    this.number = -1;
    this.begin = Infinity;
    this.dirty = false;
  }

  /** Whether a slot has an element. */
  has(at: number): boolean {
    return (this.bits[at >> 3]! >> (at & 7) & 1) === 1;
  }

  /** A slot has an element now. */
  mark(at: number): void {
    this.bits[at >> 3]! |= 1 << (at & 7);
  }

  /** A slot has none from now on: its bytes are zero. */
  clear(at: number): void {
    this.bits[at >> 3]! &= ~(1 << (at & 7));
    this.#zero(at, at + 1);
  }

  /** All slots from one on have none. */
  clearFrom(at: number): void {
    const { capacity } = this.#layout;
    if (at >= capacity) return;
    if (at <= 0) {
      this.bytes.fill(0);
      return;
    }
    this.bits.fill(0, (at + 7) >> 3);
    if ((at & 7) !== 0) this.bits[at >> 3]! &= (1 << (at & 7)) - 1;
    this.#zero(at, capacity);
  }

  /** Copies a slot of another chunk, or of this one. */
  copy(from: Chunk, source: number, at: number): void {
    if (!from.has(source)) return this.clear(at);
    const { columns } = this.#layout;
    for (let i = 0; i < columns.length; i++) {
      const { stride } = columns[i]!.column;
      const array = this.arrays[i] as NumberArray;
      const other = from.arrays[i] as NumberArray;
      for (let k = 0; k < stride; k++) array[at * stride + k] = other[source * stride + k]!;
    }
    this.mark(at);
  }

  /** Whether no slot has an element. */
  get isEmpty(): boolean {
    const { bits } = this;
    for (let i = 0; i < bits.length; i++) if (bits[i] !== 0) return false;
    return true;
  }

  /** Whether every slot has an element. */
  get isFull(): boolean {
    const { bits } = this;
    const { capacity } = this.#layout;
    const whole = capacity >> 3;
    for (let i = 0; i < whole; i++) if (bits[i] !== 0xff) return false;
    return (capacity & 7) === 0 || bits[whole] === (1 << (capacity & 7)) - 1;
  }

  /** Makes equal elements equal bytes. */
  tidy(): void {
    const { columns } = this.#layout;
    for (let i = 0; i < columns.length; i++) columns[i]!.column.tidy?.(this.arrays[i]!);
  }

  /** Appends its bytes. */
  encode(value: Chunk, out: ByteWriter): void {
    out.raw(value.bytes);
  }

  /**
   * Takes the bytes of a chunk over.
   * @throws {CorruptionError} `CORRUPT_VALUE`
   */
  decode(bytes: Uint8Array, begin: number, end: number): Chunk {
    const { capacity, bytes: length, name } = this.#layout;
    if (end - begin !== length) {
      throw malformed(name, `a chunk of ${end - begin} bytes instead of ${length}`);
    }
    this.bytes.set(bytes.subarray(begin, end));
    const rest = capacity & 7;
    if (rest !== 0 && this.bits[capacity >> 3]! >> rest !== 0) {
      throw malformed(name, `a chunk with more than ${capacity} elements`);
    }
    return this;
  }

  #zero(from: number, to: number): void {
    const { columns } = this.#layout;
    for (let i = 0; i < columns.length; i++) {
      const { stride, type } = columns[i]!.column;
      const begin = columns[i]!.offset;
      const width = stride * type.BYTES_PER_ELEMENT;
      this.bytes.fill(0, begin + from * width, begin + to * width);
    }
  }
}
