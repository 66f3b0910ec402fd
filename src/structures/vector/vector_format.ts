/**
 * The format of a vector, as the catalog keeps it: which layout, which version of the data, what
 * absent elements read as, and the codec, whose name says all of the schema.
 *
 *     columns/1 version 0 default - of struct(x:f64,y:f64)
 *
 * | part             | meaning                                                                   |
 * | ---------------- | ------------------------------------------------------------------------- |
 * | `columns/1`      | elements lie in chunks of columns, as `vector.ts` says                     |
 * | `version N`      | version of the data: the program's own affair                              |
 * | `default HEX`    | an element as its codec writes it, or `-` for none                         |
 * | `of NAME`        | canonical name of the codec                                                |
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { codecOf } from "../../base/codec_name.ts";
import type { Codec } from "../../base/key_codec.ts";
import { FormatError } from "../../errors.ts";

/** The layout that is described here. */
const LAYOUT = 1;

const PATTERN = /^columns\/(\d+) version (\d+) (.*)$/s;
const REST = /^default (-|[0-9a-f]+) of (.*)$/s;

/** A vector as it was kept. */
export interface FormerVector {
  /** Version of its data. */
  readonly version: number;
  /** The codec of its elements. */
  readonly codec: Codec<unknown>;
}

/** The format of a definition. */
export function vectorFormat<T>(
  codec: Codec<T>,
  version: number,
  absent: T | undefined,
): string {
  return `columns/${LAYOUT} version ${version} default ${hexOf(codec, absent)} of ${codec.name}`;
}

function hexOf<T>(codec: Codec<T>, element: T | undefined): string {
  if (element === undefined) return "-";
  const out = new ByteWriter(64);
  codec.encode(element, out);
  return Array.from(out.toBytes(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * What a vector that is kept in another format was, if its data are older than `version`.
 * @throws {FormatError} `FORMAT_NEWER`: its layout, or its data, are newer
 */
export function formerVector(
  name: string,
  format: string,
  version: number,
): FormerVector | undefined {
  const [, layout, data, rest] = PATTERN.exec(format) ?? [];
  if (layout === undefined) return undefined;
  if (Number(layout) > LAYOUT) throw newer(name, `layout ${layout}, this is layout ${LAYOUT}`);
  if (Number(data) > version) throw newer(name, `data of version ${data}, this is ${version}`);
  const [, , codecName] = REST.exec(rest ?? "") ?? [];
  const codec = codecName === undefined ? undefined : codecOf(codecName);
  if (codec === undefined || Number(data) === version) return undefined;
  return { version: Number(data), codec };
}

function newer(name: string, what: string): FormatError {
  return new FormatError("FORMAT_NEWER", `Cannot open "${name}": it has ${what}`);
}
