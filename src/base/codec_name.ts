/**
 * From the name of a codec, as files store it, back to the codec.
 *
 *     name    = word [ "(" argument { "," argument } ")" ]
 *     argument = name | number | field ":" name        number: fixed(n); field: struct(...)
 *     field   = letters, digits, "_" and "$" without a digit in front, or a JSON string
 *
 * @module
 */

import { codec } from "./codec.ts";
import type { Codec, KeyCodec } from "./key_codec.ts";
import {
  BASE64,
  DECIMAL,
  FLOAT,
  ISO_DATE,
  listForm,
  objectForm,
  type PlainForm,
  RECORD_ID,
  SAME,
} from "./plain_form.ts";

/** Names within names: more than this is no name that a person wrote. */
const DEPTH_MAX = 32;

/** A codec found by its name. */
export interface NamedCodec {
  /** The codec. */
  readonly codec: Codec<unknown>;
  /** Its values as JSON. */
  readonly plain: PlainForm;
  /** Bytes of every value, in both forms; `undefined` where values differ in it. */
  readonly width: number | undefined;
  /** Of a tuple and a struct: what its values consist of. */
  readonly parts?: readonly NamedPart[];
  /** Offset just behind the name. */
  readonly end: number;
}

/** A field of a struct, or an element of a tuple, whose name is its place from "0" on. */
export interface NamedPart {
  /** Its name. */
  readonly name: string;
  /** Its codec. */
  readonly of: NamedCodec;
}

type Known = readonly [codec: Codec<unknown>, plain: PlainForm, width?: number];

const KNOWN: readonly Known[] = [
  [codec.bytes, BASE64],
  [codec.string, SAME],
  [codec.json<unknown>(), SAME],
  [codec.boolean, SAME, 1],
  [codec.u8, SAME, 1],
  [codec.u16, SAME, 2],
  [codec.u32, SAME, 4],
  [codec.u64, DECIMAL, 8],
  [codec.u128, DECIMAL, 16],
  [codec.i8, SAME, 1],
  [codec.i16, SAME, 2],
  [codec.i32, SAME, 4],
  [codec.i64, DECIMAL, 8],
  [codec.i128, DECIMAL, 16],
  [codec.f32, FLOAT, 4],
  [codec.f64, FLOAT, 8],
  [codec.date, ISO_DATE, 8],
  [codec.uuid, SAME, 16],
  [codec.recordId, RECORD_ID, 12],
];

const WORDS: ReadonlyMap<string, Known> = new Map(KNOWN.map((known) => [known[0].name, known]));

/** The codec that has a name, or `undefined` when none of ours has it. */
export function codecOf(name: string): Codec<unknown> | undefined {
  const found = readCodecName(name, 0);
  return found?.end === name.length ? found.codec : undefined;
}

/** The codec whose name begins at an offset of a text, or `undefined`. */
export function readCodecName(text: string, begin: number): NamedCodec | undefined {
  const found = readName(text, begin, 0);
  // Only the one spelling that the codec itself gives.
  return found?.codec.name === text.slice(begin, found?.end) ? found : undefined;
}

function readName(text: string, begin: number, depth: number): NamedCodec | undefined {
  if (depth > DEPTH_MAX) return undefined;
  const word = match(/[A-Za-z0-9]+/y, text, begin) ?? "";
  const end = begin + word.length;
  const known = WORDS.get(word);
  if (known !== undefined) {
    return { codec: known[0], plain: known[1], width: known[2], end };
  }
  if (text[end] !== "(") return undefined;
  switch (word) {
    case "fixed":
      return readFixed(text, end + 1);
    case "struct":
      return readStruct(text, end + 1, depth);
    case "desc":
    case "tuple":
      return readTuple(text, end + 1, word, depth);
    default:
      return undefined;
  }
}

function readFixed(text: string, begin: number): NamedCodec | undefined {
  const digits = match(/[0-9]{1,5}/y, text, begin) ?? "";
  const end = begin + digits.length;
  if (digits === "" || text[end] !== ")" || Number(digits) > 0xffff) return undefined;
  const width = Number(digits);
  return { codec: codec.fixed(width), plain: BASE64, width, end: end + 1 };
}

function readTuple(
  text: string,
  begin: number,
  word: "desc" | "tuple",
  depth: number,
): NamedCodec | undefined {
  const parts = readList(text, begin, (at) => readName(text, at, depth + 1));
  if (parts === undefined) return undefined;
  const { items, end } = parts;
  const codecs = items.map((part) => part.codec);
  if (!codecs.every(isKeyCodec)) return undefined;
  if (word === "tuple") {
    const [first, ...rest] = codecs as [KeyCodec<unknown>, ...KeyCodec<unknown>[]];
    const plain = listForm(items.map((part) => part.plain));
    const named = items.map((of, place) => ({ name: String(place), of }));
    return { codec: codec.tuple(first, ...rest), plain, width: widthOf(items), parts: named, end };
  }
  const [inner] = items;
  if (inner === undefined || codecs.length !== 1) return undefined;
  const { plain, width } = inner;
  return { codec: codec.desc(inner.codec as KeyCodec<unknown>), plain, width, end };
}

function readStruct(text: string, begin: number, depth: number): NamedCodec | undefined {
  const parts = readList(text, begin, (at) => readField(text, at, depth));
  if (parts === undefined) return undefined;
  const fields: Record<string, Codec<unknown>> = {};
  const forms = new Map<string, PlainForm>();
  for (const { name, of } of parts.items) {
    if (name === "__proto__" || forms.has(name)) return undefined;
    fields[name] = of.codec;
    forms.set(name, of.plain);
  }
  if (Object.keys(fields).some((name) => /^[0-9]+$/.test(name))) return undefined;
  const width = widthOf(parts.items.map(({ of }) => of));
  const plain = objectForm(forms);
  return { codec: codec.struct(fields), plain, width, parts: parts.items, end: parts.end };
}

/** Bytes of all parts together. */
function widthOf(parts: readonly NamedCodec[]): number | undefined {
  let sum = 0;
  for (const { width } of parts) {
    if (width === undefined) return undefined;
    sum += width;
  }
  return sum;
}

function readField(
  text: string,
  begin: number,
  depth: number,
): { name: string; of: NamedCodec; end: number } | undefined {
  const plain = match(/[A-Za-z_$][A-Za-z0-9_$]*/y, text, begin);
  const quoted = plain === undefined ? match(/"(?:[^"\\]|\\.)*"/y, text, begin) : undefined;
  const spelled = plain ?? quoted;
  if (spelled === undefined) return undefined;
  const name = plain ?? unquoted(spelled);
  const at = begin + spelled.length;
  if (name === undefined || text[at] !== ":") return undefined;
  const of = readName(text, at + 1, depth + 1);
  return of === undefined ? undefined : { name, of, end: of.end };
}

/** Items divided by commas, up to the closing parenthesis and over it; at least one. */
function readList<T extends { readonly end: number }>(
  text: string,
  begin: number,
  read: (at: number) => T | undefined,
): { items: T[]; end: number } | undefined {
  const items: T[] = [];
  for (let at = begin;;) {
    const item = read(at);
    if (item === undefined) return undefined;
    items.push(item);
    if (text[item.end] === ")") return { items, end: item.end + 1 };
    if (text[item.end] !== ",") return undefined;
    at = item.end + 1;
  }
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function isKeyCodec(of: Codec<unknown>): of is KeyCodec<unknown> {
  return (of as Partial<KeyCodec<unknown>>).ordered === true;
}
