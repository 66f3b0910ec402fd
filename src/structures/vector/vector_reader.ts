/**
 * The reading view of a vector.
 *
 * @module
 */

import { checkWidth } from "../../base/codec_error.ts";
import { StateError } from "../../errors.ts";
import type { HeldCursor, TreeReader } from "../../kernel/definition.ts";
import { serialAt, serialKey } from "../serial_tree.ts";
import { Chunk } from "./chunk.ts";
import type { ChunkReader } from "./chunk_reader.ts";
import type { ColumnArray, NumberArray } from "./column.ts";
import type { PlacedColumn } from "./element_layout.ts";
import { ElementWalk } from "./element_walk.ts";
import { compareNatural } from "./natural_order.ts";
import type { VectorShape } from "./vector_shape.ts";
import type { ColumnOf, VectorReader } from "./vector_types.ts";

/** A part of a vector. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Reads a vector. */
export class ElementReader<T> implements VectorReader<T> {
  /** What it shares with other views. */
  protected readonly shape: VectorShape<T>;
  readonly #chunks: ChunkReader;
  readonly #tree: TreeReader;
  /** Whether a column is the vector. */
  readonly #direct: boolean;

  /** Binds the chunks of a vector to what they mean. */
  constructor(shape: VectorShape<T>, chunks: ChunkReader) {
    this.shape = shape;
    this.#chunks = chunks;
    this.#tree = chunks.tree;
    this.#direct = shape.layout.direct !== undefined;
  }

  get length(): number {
    return this.#chunks.length();
  }

  get(index: number): T | undefined {
    const chunks = this.#chunks;
    const { hot } = chunks;
    const at = index - hot.begin;
    if (at >= 0 && (at | 0) === at && chunks.revision === this.#tree.revision) {
      const bits = hot.bits[at >> 3];
      if (bits !== undefined && (bits >> (at & 7) & 1) === 1) {
        return this.#direct ? hot.arrays[0]![at] as T : this.shape.layout.read(hot, at);
      }
    }
    return this.#look(index);
  }

  at(index: number): T | undefined {
    const whole = Math.trunc(index) || 0;
    return this.get(whole < 0 ? this.length + whole : whole);
  }

  has(index: number): boolean {
    if (!this.#holds(index)) return false;
    const chunk = this.#chunks.at(index);
    return chunk.has(index - chunk.begin);
  }

  entries(from?: number, to?: number): IterableIterator<[number, T]> {
    return this.#walk(this.span(from, to), (index, element) => [index, element]);
  }

  values(from?: number, to?: number): IterableIterator<T> {
    return this.#walk(this.span(from, to), (_, element) => element);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values();
  }

  field<K extends keyof T & string>(name: K, from?: number, to?: number): ColumnOf<T[K]> {
    return this.#array(this.shape.layout.column(name), from, to) as ColumnOf<T[K]>;
  }

  toTypedArray(from?: number, to?: number): ColumnOf<T> {
    return this.#array(this.shape.layout.column(""), from, to) as ColumnOf<T>;
  }

  presence(from?: number, to?: number): Uint8Array<ArrayBuffer> {
    const span = this.span(from, to);
    const array = new Uint8Array(span.to - span.from);
    this.#scan(span, (chunk, low, high) => {
      for (let at = low; at < high; at++) {
        if (chunk.has(at)) array[chunk.begin + at - span.from] = 1;
      }
    });
    return array;
  }

  binarySearch<U = T>(
    target: U,
    compare: (element: T, target: U) => number = compareNatural,
  ): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const element = this.get(middle);
      if (element === undefined) {
        throw new StateError("NOT_FOUND", `Cannot search: element ${middle} is absent`);
      }
      const order = compare(element, target);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -low - 1;
  }

  /** The part that bounds name as they do for arrays: negative ones count from the end. */
  protected span(from = 0, to: number = Infinity): Span {
    const { length } = this;
    const end = clamp(to, length);
    return { from: Math.min(clamp(from, length), end), to: end };
  }

  /** Nothing is held back: the tree is what the vector is. */
  protected settle(): void {}

  /** Looks for an element that is not at hand. */
  #look(index: number): T | undefined {
    if (!this.#holds(index)) return undefined;
    const chunk = this.#chunks.at(index);
    const at = index - chunk.begin;
    return chunk.has(at) ? this.shape.layout.read(chunk, at) : this.shape.absent();
  }

  /** Whether there is such an index. */
  #holds(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.length;
  }

  #walk<R>(span: Span, make: (index: number, element: T) => R): ElementWalk<T, R> {
    return new ElementWalk(this.shape, this.#cursor(span), span, make);
  }

  /** The chunks of a part. */
  #cursor({ from, to }: Span): HeldCursor {
    this.settle();
    const { capacity } = this.shape.layout;
    const lower = serialKey(Math.floor(from / capacity)).toBytes();
    const upper = to > from ? serialKey(Math.floor((to - 1) / capacity)).toBytes() : lower;
    return this.#tree.cursor({ lower, upper, upperOpen: to <= from });
  }

  /** Copies a column of a part as it lies in the chunks, where absent elements are zero. */
  #copy(span: Span, { column, offset }: PlacedColumn, bytes: Uint8Array): void {
    const { layout } = this.shape;
    const width = column.stride * column.type.BYTES_PER_ELEMENT;
    const cursor = this.#cursor(span);
    try {
      while (cursor.next()) {
        cursor.loadValue();
        const { valueBytes, valueBegin, valueEnd } = cursor;
        checkWidth(layout.name, layout.bytes, valueEnd - valueBegin);
        const begin = serialAt(cursor.keyBytes, cursor.keyBegin) * layout.capacity;
        const low = Math.max(0, span.from - begin);
        const high = Math.min(layout.capacity, span.to - begin);
        const from = valueBegin + offset;
        const part = valueBytes.subarray(from + low * width, from + high * width);
        bytes.set(part, (begin + low - span.from) * width);
      }
    } finally {
      cursor.close();
    }
  }

  /** Visits the chunks that there are of a part, and the slots of each that belong to it. */
  #scan(span: Span, visit: (chunk: Chunk, low: number, high: number) => void): void {
    const { layout } = this.shape;
    const chunk = new Chunk(layout);
    const cursor = this.#cursor(span);
    try {
      while (cursor.next()) {
        cursor.loadValue();
        chunk.decode(cursor.valueBytes, cursor.valueBegin, cursor.valueEnd);
        chunk.begin = serialAt(cursor.keyBytes, cursor.keyBegin) * layout.capacity;
        const low = Math.max(0, span.from - chunk.begin);
        const high = Math.min(layout.capacity, span.to - chunk.begin);
        visit(chunk, low, high);
      }
    } finally {
      cursor.close();
    }
  }

  #array(placed: PlacedColumn, from?: number, to?: number): ColumnArray {
    const { column } = placed;
    const { stride, type } = column;
    const span = this.span(from, to);
    const { layout, template } = this.shape;
    const place = layout.columns.indexOf(placed);
    const array = new type((span.to - span.from) * stride) as NumberArray;
    const model = template?.arrays[place] as NumberArray | undefined;
    if (model === undefined) {
      this.#copy(span, placed, new Uint8Array(array.buffer));
      return array;
    }
    for (let at = 0; at < array.length; at++) array[at] = model[at % stride]!;
    this.#scan(span, (chunk, low, high) => {
      const values = chunk.arrays[place] as NumberArray;
      const to = (chunk.begin + low - span.from) * stride;
      if (chunk.isFull) {
        array.set(values.subarray(low * stride, high * stride), to);
        return;
      }
      for (let at = low; at < high; at++) {
        if (!chunk.has(at)) continue;
        array.set(values.subarray(at * stride, (at + 1) * stride), to + (at - low) * stride);
      }
    });
    return array;
  }
}

/** A bound within a vector of a length. */
function clamp(bound: number, length: number): number {
  const whole = Math.trunc(bound) || 0;
  return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length);
}
