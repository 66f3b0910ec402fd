/**
 * What all views of a vector share: how elements lie, and what absent ones read as.
 *
 * @module
 */

import type { Codec } from "../../base/key_codec.ts";
import { Chunk } from "./chunk.ts";
import { ElementLayout } from "./element_layout.ts";
import type { VectorOptions } from "./vector_types.ts";

/** The longest vector: 2^53 - 1, so that every index and the length are exact numbers. */
export const VECTOR_LENGTH_MAX: number = Number.MAX_SAFE_INTEGER;

/** The layout, the default and the version of a definition. */
export class VectorShape<T> {
  /** How elements lie. */
  readonly layout: ElementLayout<T>;
  /** A chunk whose slot 0 is what absent elements read as, if that is not `undefined`. */
  readonly template: Chunk | undefined;
  /** Version of the data. */
  readonly version: number;

  /**
   * The shape of a definition.
   * @throws {TypeError | RangeError} elements have no fixed width; the version is no whole number;
   * the codec does not take the default
   */
  constructor(codec: Codec<T>, options: VectorOptions<T>) {
    const { version = 0 } = options;
    if (!Number.isSafeInteger(version) || version < 0) {
      throw new RangeError("The version of a vector is a whole number from 0 on");
    }
    this.version = version;
    this.layout = new ElementLayout(codec);
    if (options.default === undefined) return;
    this.layout.take(options.default);
    this.template = new Chunk(this.layout);
    this.layout.write(this.template, 0);
    this.template.tidy();
  }

  /** What an absent element reads as. */
  absent(): T | undefined {
    return this.template === undefined ? undefined : this.layout.read(this.template, 0);
  }
}
