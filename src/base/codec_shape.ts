/**
 * Which fields an object has, and in what order.
 *
 * @module
 */

import { wrongKind } from "./codec_error.ts";
import type { Codec } from "./key_codec.ts";

/** Names that stand in the name of a codec as they are; others stand there as JSON strings. */
const PLAIN = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Names that objects enumerate first, whatever the order they were written in. */
const NUMBER = /^(0|[1-9][0-9]*)$/;

/** Turns objects of exactly the fields of a definition into lists of values and back. */
export class Shape {
  /** Name of the codec of such objects. Two definitions have one name only if they are equal. */
  readonly name: string;
  /** The codecs of the fields, in order. */
  readonly codecs: readonly Codec<unknown>[];
  readonly #names: readonly string[];
  readonly #known: ReadonlySet<string>;
  /** All fields, undefined: its copies own them, so that no setter of a prototype is met. */
  readonly #blank: Readonly<Record<string, unknown>>;

  /**
   * Takes the fields as they are now.
   *
   * @throws {TypeError} if `fields` is not a plain object, or names a field by a symbol
   * @throws {RangeError} if it has no field, or one named `__proto__` or like a number
   */
  constructor(fields: Readonly<Record<string, Codec<unknown>>>) {
    const names = namesOf(fields);
    this.codecs = names.map((name) => fields[name]!);
    const parts = names.map((name, i) => `${spelled(name)}:${this.codecs[i]!.name}`);
    this.name = `struct(${parts.join(",")})`;
    this.#names = names;
    this.#known = new Set(names);
    this.#blank = Object.fromEntries(names.map((name) => [name, undefined]));
  }

  /**
   * The values of the fields of `object`, in order.
   *
   * @throws {TypeError} if `object` has not exactly these fields, counting those of its own that
   *   can be enumerated and are not named by symbols
   */
  valuesOf(object: object): unknown[] {
    const names = this.#names;
    if (typeof object !== "object" || object === null) {
      throw wrongKind(this.name, "an object", object);
    }
    const found = Object.keys(object);
    if (found.length !== names.length) {
      throw new TypeError(`codec ${this.name} takes ${names.length} fields, not ${found.length}`);
    }
    for (let i = 0; i < found.length; i++) {
      if (found[i] !== names[i] && !this.#known.has(found[i]!)) {
        throw new TypeError(`codec ${this.name} has no field ${JSON.stringify(found[i])}`);
      }
    }
    const values: unknown[] = [];
    for (const name of names) values.push((object as Record<string, unknown>)[name]);
    return values;
  }

  /** A plain object of these values, its fields in order. */
  objectOf(values: readonly unknown[]): Record<string, unknown> {
    const object = { ...this.#blank };
    const names = this.#names;
    for (let i = 0; i < names.length; i++) object[names[i]!] = values[i];
    return object;
  }
}

function namesOf(fields: object): string[] {
  if (typeof fields !== "object" || fields === null) {
    throw wrongKind("struct", "an object of codecs", fields);
  }
  // `{ __proto__: codec }` makes the codec the prototype, and the field would be missing.
  const prototype: unknown = Object.getPrototypeOf(fields);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError("a struct codec takes a plain object of codecs");
  }
  const names: string[] = [];
  for (const name of Reflect.ownKeys(fields)) {
    if (typeof name === "symbol") throw new TypeError("a field of a struct codec is a symbol");
    if (name === "__proto__" || NUMBER.test(name)) {
      throw new RangeError(`a field of a struct codec cannot be named ${name}`);
    }
    names.push(name);
  }
  if (names.length === 0) throw new RangeError("a struct codec has at least one field");
  return names;
}

function spelled(name: string): string {
  return PLAIN.test(name) ? name : JSON.stringify(name);
}
