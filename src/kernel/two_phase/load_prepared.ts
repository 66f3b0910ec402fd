/**
 * Finding transactions in doubt again when a store is opened.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { CorruptionError } from "../../errors.ts";
import type { IoFile } from "../../io/adapter.ts";
import type { Engine } from "../engine.ts";
import { holdSet } from "./in_doubt.ts";
import { readRun } from "../page/overflow.ts";
import { decodePrepared, structuresIn } from "./prepared_set.ts";
import { SUPERBLOCK_SLOTS } from "../limits.ts";
import { runsOf } from "./prepared_sets.ts";
import { IN_DOUBT_TREE } from "../tree/state.ts";
import { TreeCursor } from "../tree/tree_cursor.ts";
import { PUT_REFERENCE, REMOVE, type WriteSet } from "../commit/write_set.ts";

/** Reads the entries of the durable image; the log is not replayed yet. */
export function loadPrepared(engine: Engine): void {
  const { states, pager, overflow, space } = engine;
  const cursor = new TreeCursor(pager, overflow, states.root(states.working, IN_DOUBT_TREE), {});
  while (cursor.next()) {
    cursor.loadValue();
    const set = decodePrepared(cursor.valueBytes, cursor.valueBegin, cursor.valueEnd);
    for (const [page, pages] of runsOf(set)) {
      for (let at = page; at < page + pages; at++) {
        if (at >= SUPERBLOCK_SLOTS && at < space.pageCount && space.isUsed(at)) continue;
        throw new CorruptionError(
          "CORRUPT_VALUE",
          `Cannot open "${engine.path}": a prepared transaction names page ${at}, which is free`,
          { path: engine.path, page: at },
        );
      }
    }
    engine.prepared.enter(cursor.keyBytes.slice(cursor.keyBegin, cursor.keyEnd), set);
  }
}

/**
 * Decodes what a log record prepares, so that the runs it names are known.
 * @returns `false` when a run is not whole: the batch was torn
 * @throws {CorruptionError} `CORRUPT_LOG`, `CORRUPT_VALUE`
 */
export function decodeLogged(file: IoFile, checksum: Checksum, set: WriteSet): boolean {
  for (let op = 0; op < set.count; op++) {
    if (set.tree(op) !== IN_DOUBT_TREE || set.kind(op) === REMOVE) continue;
    if (set.prepared !== undefined) {
      throw new CorruptionError("CORRUPT_LOG", "A log record prepares two transactions");
    }
    let bytes: Uint8Array | undefined = set.out.bytes;
    let begin = set.valueAt(op);
    let end = begin + set.valueLength(op);
    if (set.kind(op) === PUT_REFERENCE) {
      bytes = readRun(file, checksum, bytes, begin);
      if (bytes === undefined) return false;
      begin = 0;
      end = bytes.length;
    }
    set.prepared = decodePrepared(bytes, begin, end);
  }
  return true;
}

/** Locks what is in doubt once the log is replayed. */
export function holdPrepared(engine: Engine): void {
  for (const prepared of engine.prepared.values()) {
    engine.inDoubt.enter(holdSet(prepared));
    for (const { tree } of structuresIn(prepared.set)) {
      engine.nextTree = Math.max(engine.nextTree, tree + 1);
    }
  }
}
