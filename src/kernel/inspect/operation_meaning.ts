/**
 * What operations on the trees of the kernel itself say, for who looks into a log.
 *
 * | tree       | put                              | remove                                       |
 * | ---------- | -------------------------------- | -------------------------------------------- |
 * | 0 catalog  | define: a structure has a name   | undefine: a name is no structure's any more  |
 * | 2 in doubt | prepare: changes wait under an id | commit or rollback of what the id stands for |
 * | 3 dropped  | drop: a tree is given up         |                                              |
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import { catalogCodec, catalogName } from "../catalog/catalog.ts";
import { decodePrepared } from "../two_phase/prepared_set.ts";
import { CATALOG_TREE, DROPPED_TREE, IN_DOUBT_TREE, treeOfKey } from "../tree/state.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** What an operation says. */
export interface OperationMeaning {
  /** In a word. */
  readonly means: "define" | "undefine" | "prepare" | "commit" | "rollback" | "drop";
  /** The tree that gets a name or is dropped. */
  readonly number?: number;
  /** Name of the structure. */
  readonly name?: string;
  /** Its kind. */
  readonly kind?: string;
  /** Its mode and codecs. */
  readonly format?: string;
  /** Id of the transaction that is prepared or decided. */
  readonly transactionId?: Uint8Array;
  /** What is prepared. */
  readonly prepared?: WriteSet;
}

/**
 * The meaning of an operation of a record: of a put of `value`, or of a removal. `undefined` for the
 * trees of structures, and for bytes that mean nothing.
 */
export function meaningOf(
  { count }: WriteSet,
  tree: number,
  key: Uint8Array,
  value: Uint8Array | undefined,
): OperationMeaning | undefined {
  try {
    if (tree === CATALOG_TREE) {
      const name = catalogName(key, 0, key.length);
      if (value === undefined) return { means: "undefine", name };
      const { tree: number, kind, format } = catalogCodec.decode(value, 0, value.length);
      return { means: "define", name, number, kind, format };
    }
    if (tree === IN_DOUBT_TREE) {
      if (value !== undefined) {
        const prepared = decodePrepared(value, 0, value.length);
        return { means: "prepare", transactionId: key, prepared };
      }
      // A commit of no changes is the same record as a rollback.
      return { means: count > 1 ? "commit" : "rollback", transactionId: key };
    }
    if (tree === DROPPED_TREE && value !== undefined && key.length === 4) {
      return { means: "drop", number: treeOfKey(key, 0) };
    }
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
  return undefined;
}
