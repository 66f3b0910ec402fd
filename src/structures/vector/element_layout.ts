/**
 * How the elements of a vector lie in its chunks.
 *
 * @module
 */

import { readCodecName } from "../../base/codec_name.ts";
import { Shape } from "../../base/codec_shape.ts";
import { wrongKind } from "../../base/codec_error.ts";
import type { Codec } from "../../base/key_codec.ts";
import type { Chunk } from "./chunk.ts";
import { type Column, columnOf } from "./column.ts";

/**
 * A chunk is as long as fits, with its key, four times into a page of the tree (`CELL_BYTES_MAX`
 * less 8 bytes of key and 2 of length is 998, and a multiple of 8 below that). PERF: longer chunks
 * would be values in pages of their own, which are read from the file each time, and a commit that
 * sets one element would log more.
 */
export const CHUNK_BYTES = 992;

/** A column in a chunk. */
export interface PlacedColumn {
  /** The name of the field, or the place in the tuple; empty if the element is the value. */
  readonly name: string;
  /** The name of its codec. */
  readonly codec: string;
  /** How it is kept. */
  readonly column: Column;
  /** Where it begins in a chunk, in bytes; a multiple of 8. */
  readonly offset: number;
}

/** The bytes of `count` elements, and where their columns begin. */
function place(widths: readonly number[], count: number): { offsets: number[]; bytes: number } {
  let bytes = aligned(Math.ceil(count / 8));
  const offsets: number[] = [];
  for (const width of widths) {
    offsets.push(bytes);
    bytes = aligned(bytes + width * count);
  }
  return { offsets, bytes };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** The most elements, but at least one, whose chunk is no longer than {@linkcode CHUNK_BYTES}. */
function capacityOf(widths: readonly number[]): number {
  const width = widths.reduce((sum, each) => sum + each, 0);
  let count = Math.max(1, Math.floor(CHUNK_BYTES * 8 / (width * 8 + 1)));
  while (count > 1 && place(widths, count).bytes > CHUNK_BYTES) count--;
  // Whole bytes of the bitmap, where there is more than one.
  return count > 8 ? count - count % 8 : count;
}

/** Turns elements into parts of columns and back. */
export class ElementLayout<T> {
  /** The name of the codec: it decides everything here. */
  readonly name: string;
  /** Elements in a chunk. */
  readonly capacity: number;
  /** Bytes of a chunk. */
  readonly bytes: number;
  /** The columns. */
  readonly columns: readonly PlacedColumn[];
  /** The column whose entries are the elements themselves, if there is such a one. */
  readonly direct: Column | undefined;
  readonly #valuesOf: (element: unknown) => readonly unknown[];
  readonly #elementOf: (values: readonly unknown[]) => unknown;
  /** The parts of the element that was taken last. */
  #taken: readonly unknown[] = [];

  /**
   * The layout that the name of a codec gives.
   * @throws {TypeError} if it is none of ours, or its values have no fixed width
   * @throws {RangeError} if its values have no bytes
   */
  constructor(codec: Codec<T>) {
    const { name } = codec;
    const named = readCodecName(name, 0);
    if (named?.end !== name.length || named.width === undefined) {
      throw new TypeError(`A vector keeps elements of a fixed width: ${name} has none`);
    }
    if (named.width === 0) throw new RangeError(`A vector keeps no elements of no bytes: ${name}`);
    // A part of no bytes is in no column, and found again by its codec.
    const parts = named.parts ?? [{ name: "", of: named }];
    const widths = parts.map(({ of }) => of.width ?? 0);
    this.name = name;
    this.capacity = capacityOf(widths);
    const { offsets, bytes } = place(widths, this.capacity);
    this.bytes = bytes;
    this.columns = parts.map((part, i) => ({
      name: part.name,
      codec: part.of.codec.name,
      column: columnOf(part.of, widths[i]!),
      offset: offsets[i]!,
    }));
    const [first] = this.columns;
    this.direct = named.parts === undefined && first!.column.direct ? first!.column : undefined;
    if (named.parts === undefined) {
      this.#valuesOf = (element) => [element];
      this.#elementOf = ([value]) => value;
    } else if (name.startsWith("struct(")) {
      const fields = named.parts.map(({ name, of }) => [name, of.codec] as const);
      const shape = new Shape(Object.fromEntries(fields));
      this.#valuesOf = (element) => shape.valuesOf(element as object);
      this.#elementOf = (values) => shape.objectOf(values);
    } else {
      this.#valuesOf = (element) => listOf(name, element, parts.length);
      this.#elementOf = (values) => values;
    }
  }

  /**
   * The column of a name, that goes into a typed array.
   * @throws {TypeError} if there is none
   */
  column(name: string): PlacedColumn {
    const found = this.columns.find((each) => each.name === name);
    if (found === undefined) {
      throw new TypeError(`Elements ${this.name} have no field ${JSON.stringify(name)}`);
    }
    // Whose bytes are in the order of keys, and no numbers of a typed array.
    if (/^(desc\(|[ui]128$)/.test(found.codec)) {
      throw new TypeError(`Values of ${found.codec} do not go into typed arrays`);
    }
    return found;
  }

  /**
   * Looks at an element that is going to be written.
   * @throws {TypeError | RangeError} what its codec throws
   */
  take(element: T): void {
    const { direct } = this;
    if (direct !== undefined) {
      direct.check(element);
      this.#taken = [element];
      return;
    }
    const values = this.#valuesOf(element);
    for (let i = 0; i < values.length; i++) this.columns[i]!.column.check(values[i]);
    this.#taken = values;
  }

  /** Writes the element that was taken last. */
  write(chunk: Chunk, at: number): void {
    const taken = this.#taken;
    for (let i = 0; i < taken.length; i++) {
      this.columns[i]!.column.write(chunk.arrays[i]!, at, taken[i]);
    }
    chunk.mark(at);
  }

  /**
   * Reads the element of a slot.
   * @throws {CorruptionError} `CORRUPT_VALUE`
   */
  read(chunk: Chunk, at: number): T {
    if (this.direct !== undefined) return chunk.arrays[0]![at] as T;
    const values: unknown[] = [];
    for (let i = 0; i < this.columns.length; i++) {
      values.push(this.columns[i]!.column.read(chunk.arrays[i]!, at));
    }
    return this.#elementOf(values) as T;
  }
}

function listOf(codec: string, element: unknown, length: number): unknown[] {
  if (!Array.isArray(element)) throw wrongKind(codec, "an array", element);
  if (element.length !== length) {
    throw new TypeError(`codec ${codec} takes ${length}, not ${element.length}`);
  }
  return [...element];
}
