/**
 * The catalog: which structures there are and which tree holds each. Tree 0, key: name in UTF-8.
 *
 * | type   | field of the value                   |
 * | ------ | ------------------------------------ |
 * | varint | tree id                              |
 * | varint | length of the kind, then the kind    |
 * | rest   | format, UTF-8                        |
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import type { Codec } from "../../base/key_codec.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import { StateError } from "../../errors.ts";
import type { Definition } from "../definition.ts";
import { DEFINITION_BYTES_MAX, NAME_BYTES_MAX } from "../limits.ts";

/** A structure as the catalog knows it. */
export interface CatalogEntry {
  /** Tree id. */
  readonly tree: number;
  /** Kind of structure. */
  readonly kind: string;
  /** Mode and codecs. */
  readonly format: string;
}

const encoder = new TextEncoder();

/** Encodes catalog values. @throws {StateError} `TOO_LARGE` */
export const catalogCodec: Codec<CatalogEntry> = {
  name: "catalog",
  encode(entry: CatalogEntry, out: ByteWriter): void {
    const kind = encoder.encode(entry.kind);
    const begin = out.length;
    out.varint(entry.tree);
    out.varint(kind.length);
    out.raw(kind);
    out.raw(encoder.encode(entry.format));
    const length = out.length - begin;
    if (length <= DEFINITION_BYTES_MAX) return;
    throw new StateError(
      "TOO_LARGE",
      `Cannot define a structure in ${length} bytes: the limit is ${DEFINITION_BYTES_MAX}`,
    );
  },
  decode(bytes: Uint8Array, begin: number, end: number): CatalogEntry {
    const input = new ByteReader(bytes, begin, end);
    const tree = input.varint();
    const kind = textOf(input.raw(input.varint()));
    return { tree, kind, format: textOf(input.raw(input.remaining)) };
  },
};

/**
 * The catalog key of a structure.
 * @throws {TypeError} for an empty name, and one with a surrogate that has no partner
 * @throws {StateError} `TOO_LARGE`
 */
export function catalogKey(name: string): ByteWriter {
  if (typeof name !== "string" || name.length === 0) {
    throw new TypeError("A structure needs a name of at least one character");
  }
  // In UTF-8 all of them would be one character, and different names the same.
  if (!name.isWellFormed()) throw new TypeError("The name of a structure has half a character");
  const bytes = encoder.encode(name);
  if (bytes.length > NAME_BYTES_MAX) {
    throw new StateError(
      "TOO_LARGE",
      `Cannot name a structure with ${bytes.length} bytes: the limit is ${NAME_BYTES_MAX}`,
    );
  }
  const key = new ByteWriter(bytes.length);
  key.raw(bytes);
  return key;
}

/**
 * The name of a structure whose catalog key is `bytes[begin, end)`.
 * @throws {CorruptionError} `CORRUPT_VALUE` if it is no text
 */
export function catalogName(bytes: Uint8Array, begin: number, end: number): string {
  return textOf(bytes.subarray(begin, end));
}

function textOf(bytes: Uint8Array): string {
  return decodeUtf8("catalog", bytes, 0, bytes.length);
}

/** Throws `TYPE_MISMATCH` when a name is in use for something else. */
export function checkDefinition(
  definition: Pick<Definition<unknown>, "name" | "kind" | "format">,
  entry: CatalogEntry,
): void {
  if (definition.kind === entry.kind && definition.format === entry.format) return;
  throw new StateError(
    "TYPE_MISMATCH",
    `Cannot open "${definition.name}" as ${definition.kind} ${definition.format}: it is ` +
      `${entry.kind} ${entry.format}`,
  );
}
