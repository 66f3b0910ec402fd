/**
 * One page of a file, whatever its bytes are.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import type { IoFile } from "../../io/adapter.ts";
import { PAGE_BYTES } from "../limits.ts";
import { referenceLength, referencePage } from "../page/overflow.ts";
import {
  type Arena,
  cellAt,
  childChecksum,
  childOf,
  createArena,
  keyLength,
  LEAF_CELL_HEAD,
  levelOf,
  OVERFLOW,
  OVERFLOW_REF_BYTES,
  slotCount,
  u32At,
} from "../page/page.ts";
import { isSoundPage, keyOf } from "../page/page_shape.ts";

/** A page as it was read. */
export interface PageReading {
  /** Its bytes, zeros where the file ends. */
  readonly arena: Arena;
  /** Whether slots and keys can be looked at. */
  readonly isSound: boolean;
  /** What is wrong with it. */
  readonly problems: readonly string[];
}

/** Reads a page. */
export function readPage(file: IoFile, checksum: Checksum, page: number): PageReading {
  const arena = createArena(PAGE_BYTES);
  const read = file.readAt(arena.u8, page * PAGE_BYTES);
  const problems: string[] = [];
  if (read < PAGE_BYTES) problems.push("the file ends inside it");
  if (checksum.of(arena.u8, 4, PAGE_BYTES) !== u32At(arena.u8, 0)) {
    problems.push("its checksum does not match its bytes");
  }
  if (u32At(arena.u8, 4) !== page) problems.push(`it says that it is page ${u32At(arena.u8, 4)}`);
  const isSound = isSoundPage(arena, 0);
  if (!isSound) problems.push("it is no proper tree page");
  return { arena, isSound, problems };
}

/** A slot of a page. */
export interface SlotView {
  /** The key. */
  readonly key: Uint8Array;
  /** Of a leaf: the value, if it is in the page. */
  readonly value?: Uint8Array;
  /** Of a leaf: first page of the value, if it lies in pages of its own. */
  readonly valuePage?: number;
  /** Of a leaf: bytes of that value. */
  readonly valueBytes?: number;
  /** Of a leaf: the reference that says so, see `overflow.ts`. */
  readonly reference?: Uint8Array;
  /** Of a branch: the page below. */
  readonly child?: number;
  /** Of a branch: the checksum that page should have. */
  readonly childChecksum?: number;
}

/** The slots of a sound page. */
export function* slotsOf(arena: Arena): Generator<SlotView> {
  const level = levelOf(arena, 0);
  for (let slot = 0; slot < slotCount(arena, 0); slot++) {
    const key = keyOf(arena, 0, slot);
    if (level > 0) {
      yield {
        key,
        child: childOf(arena, 0, slot),
        childChecksum: childChecksum(arena, 0, slot),
      };
      continue;
    }
    const cell = cellAt(arena, 0, slot);
    const length = arena.u8[cell]! | arena.u8[cell + 1]! << 8;
    const at = cell + LEAF_CELL_HEAD + keyLength(arena, 0, slot);
    if (length !== OVERFLOW) {
      yield { key, value: arena.u8.slice(at, at + length) };
    } else {
      yield {
        key,
        valuePage: referencePage(arena.u8, at),
        valueBytes: referenceLength(arena.u8, at),
        reference: arena.u8.slice(at, at + OVERFLOW_REF_BYTES),
      };
    }
  }
}
