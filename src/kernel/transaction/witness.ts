/**
 * What a transaction keeps of its reads and changes so that its isolation can be judged at the
 * commit. Level "snapshot" needs no witness: its view and its write set say everything.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import type { CommitHistory } from "./commit_history.ts";
import type { KeyBounds } from "../tree/tree_cursor.ts";
import type { WriteSet } from "../commit/write_set.ts";

/**
 * What a change asks of its key at every isolation, for structures that hold only if it is so.
 * "unchanged": nobody else commits the key between this change and its commit; "present": nobody
 * else removes it.
 */
export type Guard = "unchanged" | "present";

/** A key of a walk; its bytes are never written again. */
export interface WalkedKey {
  /** Bytes that hold the key. */
  readonly keyBytes: Uint8Array;
  /** Begin of the key. */
  readonly keyBegin: number;
  /** End of the key. */
  readonly keyEnd: number;
}

/** Follows a cursor. */
export interface Walk {
  /** The cursor moved to a key. */
  passed(key: WalkedKey): void;
  /** It found nothing more within its bounds. */
  end(): void;
  /** It moves no further. */
  close(): void;
}

/** What a witness asks of its transaction. */
export interface WitnessedView {
  /** Its changes, at present. */
  readonly own: WriteSet;
  /** The sequence from which on commits are later than its beginning. */
  readonly since: number;
}

/** Is told what a transaction reads and changes. */
export interface Witness {
  /** Whether reads see the newest sequenced commit, not the one of the beginning. */
  readonly live: boolean;
  /** A key was read; `probed`: for the sake of a change of that key. */
  readKey(tree: number, key: ByteWriter, probed: boolean): void;
  /** It was learnt which keys lie between bounds. */
  readRange(tree: number, bounds: KeyBounds): void;
  /** A cursor begins. */
  walk(tree: number, bounds: KeyBounds): Walk | undefined;
  /** Runs reads whose results the caller of the transaction does not learn. */
  aside<T>(body: () => T): T;
  /** The value of a key was read for the sake of a change of it that is going to be made later. */
  intended(tree: number, key: ByteWriter): void;
  /** The last operation of `own` was added. */
  changed(guard: Guard | undefined): void;
  /** From which sequence on a commit of the key of `op` by another one is a conflict. */
  conflictsFrom(op: number): number;
  /** Whether such a commit is none if the key is there after it. */
  onlyPresence(op: number): boolean;
  /** Whether a key of other changes was read in a way that they must not change it. */
  hasRead(set: WriteSet): boolean;
  /** Whether something that was read has been changed since. */
  isOutdated(history: CommitHistory): boolean;
}
