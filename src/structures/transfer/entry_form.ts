/**
 * Entries of structures as JSON objects that a person can read and edit.
 *
 * | structure                     | object                                                     |
 * | ----------------------------- | ---------------------------------------------------------- |
 * | index, once-map [*]           | {"key", "value"}, see `../base/plain_form.ts`              |
 * | register [*]                  | {"value"}                                                  |
 * | segment                       | {"id", "bytes"}: text of the record id, base64             |
 * | record-log                    | {"offset", "bytes"}: number, base64                        |
 * | segment, record-log           | {"head"}: all lower numbers have been given                |
 * | any                           | {"rawKey", "rawValue"}: base64 of what the tree holds      |
 *
 * [*] Where the codecs are those of `codec`. The last form serves every structure, and every entry whose bytes would not come back the same
 * from another form.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "../../base/base64.ts";
import { ByteReader } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import { readCodecName } from "../../base/codec_name.ts";
import type { KeyCodec } from "../../base/key_codec.ts";
import { RecordId } from "../../base/record_id.ts";
import { isHoldfastError } from "../../errors.ts";
import { HEAD_KEY, serialAt, serialKey } from "../serial_tree.ts";

/** A key and a value, as bytes. */
export interface RawEntry {
  /** The key in the tree. */
  readonly key: Uint8Array;
  /** The value in the tree. */
  readonly value: Uint8Array;
}

/** An entry as JSON. */
export type PlainEntry = Readonly<Record<string, unknown>>;

/** Turns entries of one structure into JSON and back. */
export interface EntryForm {
  /** The object of an entry; throws what the codecs throw when the bytes are none of theirs. */
  toPlain(entry: RawEntry): PlainEntry;
  /**
   * The entry of an object that may come from anywhere.
   * @throws {TypeError | RangeError} when there is none
   */
  fromPlain(plain: PlainEntry): RawEntry;
}

const NOTHING: Uint8Array = new Uint8Array(0);

const RAW: EntryForm = {
  toPlain: ({ key, value }) => ({ rawKey: encodeBase64(key), rawValue: encodeBase64(value) }),
  fromPlain: ({ rawKey, rawValue }) => ({
    key: decodeBase64(rawKey),
    value: decodeBase64(rawValue),
  }),
};

/** The form for entries of a structure of this kind, format and number. */
export function entryForm(kind: string, format: string, number: number): EntryForm {
  const form = formOf(kind, format, number);
  return {
    toPlain: (entry) => tried(form, entry) ?? RAW.toPlain(entry),
    fromPlain: (plain) => ("rawKey" in plain ? RAW : form).fromPlain(plain),
  };
}

function formOf(kind: string, format: string, number: number): EntryForm {
  if (kind === "index" || kind === "once-map") return indexForm(format) ?? RAW;
  if (kind === "register") return registerForm(format) ?? RAW;
  if (kind === "record-log") return serialForm("offset", (serial) => serial, Number);
  if (kind !== "segment") return RAW;
  return serialForm(
    "id",
    (serial) => `${new RecordId(number, serial)}`,
    (id) => serialOf(id, number),
  );
}

/** The object of an entry, if the entry comes back from it. */
function tried(form: EntryForm, entry: RawEntry): PlainEntry | undefined {
  try {
    const plain = form.toPlain(entry);
    const { key, value } = form.fromPlain(plain);
    return equal(key, entry.key) && equal(value, entry.value) ? plain : undefined;
  } catch (error) {
    const refused = isHoldfastError(error) && error.code === "CORRUPT_VALUE";
    if (refused || error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The form of an index or a once map, if its format names codecs of ours: mode(key,value) and what may follow. */
function indexForm(format: string): EntryForm | undefined {
  const mode = /^(replace|exclusive|cluster|once)\(/.exec(format)?.[1];
  if (mode === undefined) return undefined;
  const key = readCodecName(format, mode.length + 1);
  if (key === undefined || format[key.end] !== ",") return undefined;
  const value = readCodecName(format, key.end + 1);
  if (value === undefined || format[value.end] !== ")") return undefined;
  const keyCodec = key.codec as KeyCodec<unknown>;
  if (keyCodec.ordered !== true) return undefined;
  if (mode === "cluster") {
    return {
      toPlain: (entry) => {
        const reader = new ByteReader(entry.key);
        const first = keyCodec.decodeElement(reader);
        const second = value.codec.decode(entry.key, reader.position, reader.end);
        return { key: key.plain.toPlain(first), value: value.plain.toPlain(second) };
      },
      fromPlain: (plain) => {
        const out = new ByteWriter(64);
        keyCodec.encodeElement(key.plain.fromPlain(plain["key"]), out);
        value.codec.encode(value.plain.fromPlain(plain["value"]), out);
        return { key: out.toBytes(), value: NOTHING };
      },
    };
  }
  return {
    toPlain: (entry) => ({
      key: key.plain.toPlain(keyCodec.decode(entry.key, 0, entry.key.length)),
      value: value.plain.toPlain(value.codec.decode(entry.value, 0, entry.value.length)),
    }),
    fromPlain: (plain) => {
      const keyOut = new ByteWriter(64);
      keyCodec.encode(key.plain.fromPlain(plain["key"]), keyOut);
      const valueOut = new ByteWriter(64);
      value.codec.encode(value.plain.fromPlain(plain["value"]), valueOut);
      return { key: keyOut.toBytes(), value: valueOut.toBytes() };
    },
  };
}

/** The form of a register, if its format names a codec of ours: order(codec). */
function registerForm(format: string): EntryForm | undefined {
  const begin = format.indexOf("(") + 1;
  const value = readCodecName(format, begin);
  if (value === undefined || format[value.end] !== ")") return undefined;
  return {
    toPlain: (entry) => ({
      value: value.plain.toPlain(value.codec.decode(entry.value, 0, entry.value.length)),
    }),
    fromPlain: (plain) => {
      const out = new ByteWriter(64);
      value.codec.encode(value.plain.fromPlain(plain["value"]), out);
      return { key: NOTHING, value: out.toBytes() };
    },
  };
}

/** The form of a tree of serial numbers. */
function serialForm(
  name: "id" | "offset",
  toPlain: (serial: number) => unknown,
  fromPlain: (plain: unknown) => number,
): EntryForm {
  return {
    toPlain: ({ key, value }) => {
      if (equal(key, HEAD_KEY)) return { head: serialAt(value, 0) };
      return { [name]: toPlain(serialAt(key, 0)), bytes: encodeBase64(value) };
    },
    fromPlain: (plain) => {
      const { head, bytes } = plain;
      if (head !== undefined) {
        return { key: HEAD_KEY, value: serialKey(Number(head)).toBytes() };
      }
      return { key: serialKey(fromPlain(plain[name])).toBytes(), value: decodeBase64(bytes) };
    },
  };
}

function serialOf(text: unknown, number: number): number {
  const id = RecordId.parse(text as string);
  if (id.segment !== number) throw new RangeError(`${id} is no record of segment ${number}`);
  return id.serial;
}
