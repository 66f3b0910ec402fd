/**
 * How concurrent transactions are kept apart.
 *
 * @module
 */

import { OperationVersions } from "./operation_versions.ts";
import { ReadSet } from "./read_set.ts";
import type { Witness, WitnessedView } from "./witness.ts";

/**
 * How concurrent transactions are kept apart: what they read, and when `commit()` rejects with
 * `CONFLICT` (which `Database.update` answers by running its body again).
 *
 * | level                | reads see             | a commit conflicts if another transaction has committed  |
 * | -------------------- | --------------------- | -------------------------------------------------------- |
 * | `"snapshot"`         | its beginning         | a key that it changes, since its beginning               |
 * | `"serializable"`     | its beginning         | such a key, or anything it has read, ranges included     |
 * | `"version-on-read"`  | newest at each read   | a key that it changes, since it read that key last       |
 * | `"version-on-write"` | newest at each read   | a key that it changes, since it changed it               |
 * | `"last-win"`         | newest at each read   | nothing: the later commit replaces the earlier           |
 *
 * All of them see their own changes; none sees what is not committed. What they allow:
 *
 * | level                | lost update            | reads at two times differ | write skew, phantoms |
 * | -------------------- | ---------------------- | ------------------------- | -------------------- |
 * | `"snapshot"`         | no                     | no                        | yes                  |
 * | `"serializable"`     | no                     | no                        | no                   |
 * | `"version-on-read"`  | no, of keys it read    | yes                       | yes                  |
 * | `"version-on-write"` | yes                    | yes                       | yes                  |
 * | `"last-win"`         | yes                    | yes                       | yes                  |
 *
 * "Changes" are puts and removals of keys. With `"version-on-read"` a key is read by `get`, by
 * `has`, and when a range yields it; if it was not read before the change, the level is as
 * `"version-on-write"`. An iterator shows one moment at every level: that of its beginning.
 * Committed serializable transactions that change something are equivalent to running one after the
 * other in the order of their commits, whatever the level of the others; one that only reads never
 * conflicts (to open a structure that is not there yet is to change something). A prepared one has
 * its place where it was prepared: a serializable one that has read what it changes, before it is
 * decided, does not commit (`IN_DOUBT`, or `CONFLICT` once it is committed).
 *
 * Some things are checked at every level, because a structure would break without: two appends to a
 * record log never get one offset, two transactions that create a structure in different ways
 * conflict, and a record that another transaction has deleted does not come back by an update. A
 * structure that another transaction has dropped since is `CONFLICT` at once, to read too, where
 * reads see the newest.
 */
export type Isolation =
  | "snapshot"
  | "serializable"
  | "last-win"
  | "version-on-write"
  | "version-on-read";

const LEVELS: ReadonlySet<string> = new Set<Isolation>([
  "snapshot",
  "serializable",
  "last-win",
  "version-on-write",
  "version-on-read",
]);

/** Throws a `TypeError` for anything but a known isolation. */
export function checkIsolation(isolation: Isolation): void {
  if (LEVELS.has(isolation)) return;
  throw new TypeError(`The option isolation is one of ${[...LEVELS].join(", ")}`);
}

/** What a level has to be told of a transaction; nothing for "snapshot". */
export function witnessOf(
  isolation: Isolation,
  view: WitnessedView,
  newest: { readonly sequence: number },
): Witness | undefined {
  if (isolation === "snapshot") return undefined;
  if (isolation === "serializable") return new ReadSet(view);
  return new OperationVersions(isolation, view, newest);
}
