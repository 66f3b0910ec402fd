/**
 * What an export consists of, whatever its format.
 *
 * @module
 */

import { CorruptionError } from "../../errors.ts";
import type { StructureInfo } from "../../kernel/catalog/structure_tree.ts";
import type { RawEntry } from "./entry_form.ts";

/** The formats of an export. */
export type ExportFormat = "jsonl" | "binary";

/** The version of both formats that this code writes; it reads this one and lower ones. */
export const EXPORT_VERSION = 1;

/** Kind of structures whose import is under way, or was cut off: they are not exported. */
export const IMPORT_KIND = "import";

/** A structure whose entries follow. */
export interface TransferStructure extends StructureInfo {
  /** Its number in the database it comes from: record ids begin with it. */
  readonly number: number;
}

/** One step of an import. */
export type TransferItem =
  | { readonly type: "structure"; readonly structure: TransferStructure }
  | ({ readonly type: "entry" } & RawEntry);

/** Reads an export piece by piece; what it cannot read is `CORRUPT_EXPORT`. */
export interface TransferDecoder {
  /** The numbers of all structures lie below this one, as far as is known by now. */
  readonly numbers: number;
  /** Whether the end was read: a stream that ends before was cut off. */
  readonly ended: boolean;
  /** Takes the next bytes of the stream. */
  push(bytes: Uint8Array): void;
  /** There are no more bytes. */
  close(): void;
  /** The next item, or `undefined` when more bytes are needed. */
  next(): TransferItem | undefined;
}

/** Writes an export piece by piece. */
export interface TransferEncoder {
  /** Bytes that are ready. */
  readonly ready: number;
  /** The bytes that are ready; they are the caller's. */
  take(): Uint8Array;
  /** The entries that follow are of this structure. */
  structure(structure: TransferStructure): void;
  /** Writes an entry; yields pieces of one that is too long to be kept. */
  entry(entry: RawEntry): Iterable<Uint8Array>;
  /** Writes the end. */
  end(): void;
}

const NAME_CHARACTERS_MAX = 512;
const NUMBER_MAX = 0xfffffffe;
const NUMBER_MIN = 2;

/** The error for bytes that no export has. */
export function badExport(why: string, cause?: unknown): CorruptionError {
  return new CorruptionError("CORRUPT_EXPORT", `Cannot import: ${why}`, { cause });
}

/** Checks what an export says of a structure. Throws `CORRUPT_EXPORT`. */
export function checkedStructure(
  { name, kind, format, number }: { readonly [K in keyof TransferStructure]: unknown },
): TransferStructure {
  if (
    typeof name !== "string" || typeof kind !== "string" || typeof format !== "string" ||
    name === "" || name.length > NAME_CHARACTERS_MAX || !name.isWellFormed() || kind === "" ||
    kind === IMPORT_KIND
  ) throw badExport("a structure has no proper name, kind or format");
  if (typeof number !== "number" || !Number.isInteger(number)) {
    throw badExport(`structure ${JSON.stringify(name)} has no number`);
  }
  if (number < NUMBER_MIN || number > NUMBER_MAX) {
    throw badExport(`structure ${JSON.stringify(name)} has the number ${number}`);
  }
  return { name, kind, format, number };
}
