/**
 * The conflict matrix: what two transactions do to each other, at every level.
 *
 * @module
 */

import {
  codec,
  type Database,
  type Definition,
  index,
  type IndexAccess,
  isHoldfastError,
  recordLog,
  type RecordLogAccess,
  segment,
  type SegmentAccess,
  type Transaction,
} from "../../mod.ts";

/** The order of everything that is said by level. */
export const LEVELS = [
  "snapshot",
  "serializable",
  "version-on-read",
  "version-on-write",
  "last-win",
] as const;

/** One for each of `LEVELS`. */
export type ByLevel<T> = readonly [T, T, T, T, T];

/** The same at all levels. */
export function all<T>(value: T): ByLevel<T> {
  return [value, value, value, value, value];
}

/** Outcome of a commit. */
export const OK = "ok";
/** Outcome of a commit. */
export const NO = "CONFLICT";

type Words = Definition<IndexAccess<string, string, string | undefined>>;
type Groups = Definition<IndexAccess<string, string, string[]>>;

export const words: Words = index("words", { key: codec.string, value: codec.string });
export const groups: Groups = index("groups", {
  key: codec.string,
  value: codec.string,
  mode: "cluster",
});
export const names: Words = index("names", {
  key: codec.string,
  value: codec.string,
  mode: "exclusive",
});
export const audit: Definition<RecordLogAccess> = recordLog("audit");
export const notes: Definition<SegmentAccess> = segment("notes");

/** What two transactions do: A, which commits first, and B, at the level in question. */
export interface Cell {
  readonly name: string;
  /** Words that are there before. */
  readonly before?: Readonly<Record<string, string>>;
  /** Runs both to their ends. @returns what to compare: outcomes of commits, values that were read */
  run(a: Transaction, b: Transaction, db: Database): Promise<unknown>;
  /** What it returns. */
  readonly outcome: ByLevel<unknown>;
  /** Words that are there afterwards. */
  readonly after?: ByLevel<Readonly<Record<string, string>>>;
}

/** Commits. @returns `OK` or the code of the refusal */
export async function commit(tx: Transaction): Promise<string> {
  try {
    await tx.commit();
    return OK;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error.code;
  }
}
