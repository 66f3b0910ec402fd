/**
 * Values of codecs as JSON that a person can read and edit.
 *
 * | codec                     | JSON                                                            |
 * | ------------------------- | --------------------------------------------------------------- |
 * | string, uuid, boolean     | as it is                                                        |
 * | u8 to u32, i8 to i32      | number                                                          |
 * | u64, u128, i64, i128      | decimal text                                                    |
 * | f32, f64                  | number; "NaN", "Infinity", "-Infinity" and "-0" as text         |
 * | bytes, fixed(n)           | base64 text                                                     |
 * | date                      | text as of `Date.toISOString`                                   |
 * | recordId                  | text as of `RecordId.toString`                                  |
 * | json                      | as it is                                                        |
 * | tuple(...)                | array of the forms of its elements                              |
 * | struct(...)               | object of the forms of its fields                               |
 * | desc(x)                   | as x                                                            |
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "./base64.ts";
import { RecordId } from "./record_id.ts";

/** Turns values of one codec into what JSON can express, and back. */
export interface PlainForm {
  /** The form of a value that the codec has decoded. */
  toPlain(value: unknown): unknown;
  /**
   * The value of a form, which may come from anywhere: the codec checks what is returned.
   * @throws {TypeError | RangeError} when no value has this form
   */
  fromPlain(plain: unknown): unknown;
}

/** Values that are their own form. */
export const SAME: PlainForm = { toPlain: (value) => value, fromPlain: (plain) => plain };

/** Bytes. */
export const BASE64: PlainForm = {
  toPlain: (value) => encodeBase64(value as Uint8Array),
  fromPlain: decodeBase64,
};

/** Bigints; the longest has 39 digits and a sign. */
export const DECIMAL: PlainForm = {
  toPlain: (value) => String(value),
  fromPlain: (plain) => {
    const text = textOf(plain);
    if (!/^-?[0-9]{1,40}$/.test(text)) throw new RangeError("the text is no whole number");
    return BigInt(text);
  },
};

const SPECIAL: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);

/** Numbers that JSON does not all have. */
export const FLOAT: PlainForm = {
  toPlain: (value) => Object.is(value, -0) ? "-0" : Number.isFinite(value) ? value : String(value),
  fromPlain: (plain) => SPECIAL.get(plain) ?? plain,
};

/** Points in time. */
export const ISO_DATE: PlainForm = {
  toPlain: (value) => (value as Date).toISOString(),
  fromPlain: (plain) => new Date(textOf(plain)),
};

/** Names of records. */
export const RECORD_ID: PlainForm = {
  toPlain: (value) => String(value),
  fromPlain: (plain) => RecordId.parse(textOf(plain)),
};

/** Lists of so many elements. */
export function listForm(forms: readonly PlainForm[]): PlainForm {
  return {
    toPlain: (value) => forms.map((form, i) => form.toPlain((value as unknown[])[i])),
    fromPlain: (plain) => {
      if (!Array.isArray(plain) || plain.length !== forms.length) {
        throw new TypeError(`a list of ${forms.length} elements is wanted`);
      }
      return forms.map((form, i) => form.fromPlain(plain[i]));
    },
  };
}

/** Objects of these fields. */
export function objectForm(forms: ReadonlyMap<string, PlainForm>): PlainForm {
  return {
    toPlain: (value) =>
      Object.fromEntries(
        Object.entries(value as object).map(([name, field]) => {
          return [name, forms.get(name)?.toPlain(field)];
        }),
      ),
    fromPlain: (plain) => {
      if (typeof plain !== "object" || plain === null) throw new TypeError("an object is wanted");
      return Object.fromEntries(
        Object.entries(plain).map(([name, field]) => [name, forms.get(name)?.fromPlain(field)]),
      );
    },
  };
}

function textOf(plain: unknown): string {
  if (typeof plain !== "string") throw new TypeError(`text is wanted, not this ${typeof plain}`);
  return plain;
}
