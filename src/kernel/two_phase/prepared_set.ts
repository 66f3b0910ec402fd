/**
 * The form in which a prepared transaction is kept. Tree 2, key: transaction id.
 *
 * | type | field of the value                               |
 * | ---- | ------------------------------------------------ |
 * | u8   | version: 1                                       |
 * | rest | its changes, as a log record (`write_set.ts`)    |
 *
 * To prepare is to commit this entry; to decide is to commit its removal, and for "commit" all of
 * its changes with it. So the log, replay and checkpoints carry prepared transactions like any
 * other data. Values that it has by reference stay in the runs they were written to.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { CorruptionError, isHoldfastError } from "../../errors.ts";
import { catalogCodec, type CatalogEntry, catalogName } from "../catalog/catalog.ts";
import { KEY_BYTES_MAX } from "../limits.ts";
import { CATALOG_TREE, DROPPED_TREE, FIRST_TREE, treeOfKey } from "../tree/state.ts";
import { PUT, WriteSet } from "../commit/write_set.ts";

const VERSION = 1;

/** A transaction in doubt. */
export interface PreparedSet {
  /** Its id. */
  readonly id: Uint8Array;
  /** Its changes; never reused. */
  readonly set: WriteSet;
}

/** A structure that a prepared transaction creates. */
export interface PreparedStructure extends CatalogEntry {
  /** Its name. */
  readonly name: string;
}

/** Encodes the changes of a prepared transaction. */
export function encodePrepared(set: WriteSet): ByteWriter {
  const out = new ByteWriter(1 + set.out.length);
  out.u8(VERSION);
  out.raw(set.out.bytes, 0, set.out.length);
  return out;
}

/**
 * Decodes them.
 * @throws {CorruptionError} `CORRUPT_VALUE` for anything that no transaction can have prepared
 */
export function decodePrepared(bytes: Uint8Array, begin: number, end: number): WriteSet {
  if (begin >= end || bytes[begin] !== VERSION) throw corrupt(undefined);
  try {
    const set = WriteSet.decode([{ bytes, begin: begin + 1, end }]);
    for (let op = 0; op < set.count; op++) {
      const tree = set.tree(op);
      if (tree < FIRST_TREE && tree !== CATALOG_TREE && !dropsStructure(set, op)) {
        throw corrupt(undefined);
      }
      if (set.keyLength(op) > KEY_BYTES_MAX) throw corrupt(undefined);
    }
    structuresIn(set);
    return set;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw corrupt(error);
  }
}

/** Whether an operation gives up the tree of a structure. */
function dropsStructure(set: WriteSet, op: number): boolean {
  return set.tree(op) === DROPPED_TREE && set.kind(op) === PUT && set.keyLength(op) === 4 &&
    treeOfKey(set.out.bytes, set.keyAt(op)) >= FIRST_TREE;
}

/** The structures that a set of changes enters in the catalog. */
export function structuresIn(set: WriteSet): PreparedStructure[] {
  const found: PreparedStructure[] = [];
  const bytes = set.out.bytes;
  for (let op = 0; op < set.count; op++) {
    if (set.tree(op) !== CATALOG_TREE || set.kind(op) !== PUT) continue;
    const keyAt = set.keyAt(op);
    const at = set.valueAt(op);
    found.push({
      name: catalogName(bytes, keyAt, keyAt + set.keyLength(op)),
      ...catalogCodec.decode(bytes, at, at + set.valueLength(op)),
    });
  }
  return found;
}

/** A transaction id as the key of a map. */
export function idText(bytes: Uint8Array, begin = 0, end: number = bytes.length): string {
  let text = "";
  for (let at = begin; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

function corrupt(cause: unknown): CorruptionError {
  return new CorruptionError(
    "CORRUPT_VALUE",
    "Cannot read a prepared transaction: its changes are not in a form that one is kept in",
    { cause },
  );
}
