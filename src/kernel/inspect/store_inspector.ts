/**
 * Looks into a file without opening it as a database: reads only, takes no lock, replays nothing,
 * and goes on where something is damaged. What it shows of trees is the image of the last
 * checkpoint; what was committed later is in the log. Beside a running owner the image may change
 * while it is read: then problems are shown that are none.
 *
 * @module
 */

import { Checksum } from "../../base/checksum.ts";
import { ByteReader } from "../../base/byte_reader.ts";
import { isHoldfastError } from "../../errors.ts";
import type { IoAdapter, IoFile } from "../../io/adapter.ts";
import { decodeSlot } from "../../journal/slot_register.ts";
import { catalogCodec } from "../catalog/catalog.ts";
import { identityChecksum } from "../engine.ts";
import { type BatchView, inspectLog } from "./inspect_log.ts";
import { type PageReading, readPage, slotsOf, type SlotView } from "./inspect_page.ts";
import { PAGE_BYTES } from "../limits.ts";
import { SLOT_LAYOUT } from "../open_store.ts";
import { readRun } from "../page/overflow.ts";
import { levelOf, u32At } from "../page/page.ts";
import { CATALOG_TREE, ROOTS_TREE } from "../tree/state.ts";
import type { StructureStats } from "../catalog/structure_stats.ts";
import {
  decodeRoot,
  decodeSuperblock,
  extentOf,
  type StoredRoot,
  type Superblock,
} from "../superblock.ts";

/** A superblock slot. */
export interface SlotReport {
  /** From 0 on. */
  readonly slot: number;
  /** Whether it can be used. */
  readonly state: "valid" | "empty" | "damaged" | "unreadable";
  /** Counts the writes of superblocks: the highest one counts. Of a slot that can be read. */
  readonly epoch?: number;
  /** Its fields. */
  readonly superblock?: Superblock;
  /** Why it is unreadable. */
  readonly problem?: string;
}

/** Something wrong on the way. */
export interface InspectProblem {
  /** The page concerned. */
  readonly page: number;
  /** A sentence for people. */
  readonly problem: string;
}

/** A tree that the tree of roots names. */
export interface TreeReport {
  /** Its number. */
  readonly number: number;
  /** Where it begins. */
  readonly root: StoredRoot;
  /** What the catalog says of it, if it has a name. */
  readonly structure?: StructureStats;
}

/** An entry, found in a tree. */
export interface InspectEntry {
  /** The key. */
  readonly key: Uint8Array;
  /** The value. */
  readonly value: Uint8Array;
}

/** Reads one file. Close it when done. */
export class StoreInspector {
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** The slots of the superblock. */
  readonly slots: readonly SlotReport[];
  /** The superblock that counts. */
  readonly superblock: Superblock | undefined;
  readonly #file: IoFile;
  readonly #checksum: Checksum;

  private constructor(path: string, file: IoFile, checksum: Checksum) {
    this.#file = file;
    this.#checksum = checksum;
    this.bytes = file.size();
    this.slots = Array.from(
      { length: SLOT_LAYOUT.slots },
      (_, slot) => readSlot(path, file, checksum, slot),
    );
    const valid = this.slots.filter(({ state }) => state === "valid");
    valid.sort((a, b) => b.epoch! - a.epoch!);
    this.superblock = valid[0]?.superblock;
  }

  /** Opens a file, for reading. @throws {IoError} `IO_NOT_FOUND`, `IO_*` */
  static async open(io: IoAdapter, path: string): Promise<StoreInspector> {
    const file = await io.open(path, "read");
    return new StoreInspector(path, file, new Checksum(io.crc32));
  }

  /** Lets go of the file. */
  close(): void {
    this.#file.close();
  }

  /** The batches of both log extents. */
  *log(): Generator<BatchView> {
    const { superblock } = this;
    if (superblock === undefined) return;
    const { sequence, chain, current, next } = superblock;
    const position = { sequence, chain };
    const identity = identityChecksum(this.#checksum, superblock.identity);
    for (const extent of [current, next]) {
      yield* inspectLog(this.#file, this.#checksum, identity, extentOf(extent), position);
    }
  }

  /** A page. */
  page(page: number): PageReading {
    return readPage(this.#file, this.#checksum, page);
  }

  /** The value that a reference names, or `undefined` when it is not what the reference says. */
  value(reference: Uint8Array): Uint8Array | undefined {
    return readRun(this.#file, this.#checksum, reference, 0);
  }

  /** All trees of the image, with what the catalog says of them. */
  *trees(): Generator<TreeReport | InspectProblem> {
    const { superblock } = this;
    if (superblock === undefined) return;
    const roots = new Map<number, StoredRoot>();
    for (const step of this.entries({ number: ROOTS_TREE, root: superblock.roots })) {
      if ("problem" in step) yield step;
      else if (step.key.length === 4) {
        const number = new DataView(step.key.buffer, step.key.byteOffset).getUint32(0);
        const root = attempt(() => decodeRoot(new ByteReader(step.value)));
        if (root !== undefined) roots.set(number, root);
      }
    }
    const names = new Map<number, StructureStats>();
    const catalog = roots.get(CATALOG_TREE);
    if (catalog !== undefined) {
      for (const step of this.entries({ number: CATALOG_TREE, root: catalog })) {
        if ("problem" in step) yield step;
        else {
          const structure = structureOf(step, roots);
          if (structure !== undefined) names.set(structure.number, structure);
        }
      }
    }
    for (const number of new Set([...roots.keys(), ...names.keys()])) {
      const root = roots.get(number) ?? { page: 0, checksum: 0, level: 0, count: 0, pages: 0 };
      const structure = names.get(number);
      yield structure === undefined ? { number, root } : { number, root, structure };
    }
  }

  /** The entries of a tree, in order. */
  *entries({ number, root }: TreeReport): Generator<InspectEntry | InspectProblem> {
    if (root.page === 0) return;
    const seen = new Set<number>();
    yield* this.#visit(number, root.page, root.checksum, root.level, seen);
  }

  *#visit(
    tree: number,
    page: number,
    checksum: number,
    level: number,
    seen: Set<number>,
  ): Generator<InspectEntry | InspectProblem> {
    if (seen.has(page) || page * PAGE_BYTES >= this.bytes) {
      const problem = seen.has(page) ? "it has two parents" : "it lies outside the file";
      yield { page, problem };
      return;
    }
    seen.add(page);
    const { arena, isSound, problems } = this.page(page);
    for (const problem of problems) yield { page, problem };
    if (u32At(arena.u8, 0) !== checksum) {
      yield { page, problem: "its checksum is not the one its parent knows" };
    }
    if (!isSound) return;
    if (levelOf(arena, 0) !== level || u32At(arena.u8, 12) !== tree) {
      yield {
        page,
        problem: `it belongs to tree ${u32At(arena.u8, 12)} level ${levelOf(arena, 0)}`,
      };
      return;
    }
    for (const slot of slotsOf(arena)) {
      if (slot.child !== undefined) {
        yield* this.#visit(tree, slot.child, slot.childChecksum!, level - 1, seen);
      } else {
        yield this.#entry(slot);
      }
    }
  }

  #entry(slot: SlotView): InspectEntry | InspectProblem {
    const { key, value, reference, valuePage = 0, valueBytes = 0 } = slot;
    if (value !== undefined) return { key, value };
    const run = reference && this.value(reference);
    if (run !== undefined) return { key, value: run };
    const problem = `the ${valueBytes} bytes of a value there do not match their checksum`;
    return { page: valuePage, problem };
  }
}

function readSlot(path: string, file: IoFile, checksum: Checksum, slot: number): SlotReport {
  const bytes = new Uint8Array(PAGE_BYTES);
  const read = file.readAt(bytes, slot * PAGE_BYTES);
  const found = decodeSlot(bytes.subarray(0, read), SLOT_LAYOUT.magic, checksum);
  if (found === undefined) {
    return { slot, state: bytes.every((byte) => byte === 0) ? "empty" : "damaged" };
  }
  const { epoch } = found;
  try {
    return { slot, state: "valid", epoch, superblock: decodeSuperblock(found.value, path) };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { slot, state: "unreadable", epoch, problem: `${error.code}: ${error.message}` };
  }
}

function structureOf(
  { key, value }: InspectEntry,
  roots: ReadonlyMap<number, StoredRoot>,
): StructureStats | undefined {
  const entry = attempt(() => catalogCodec.decode(value, 0, value.length));
  if (entry === undefined) return undefined;
  const root = roots.get(entry.tree);
  return {
    name: new TextDecoder("utf-8", { ignoreBOM: true }).decode(key),
    kind: entry.kind,
    format: entry.format,
    number: entry.tree,
    entries: root?.count ?? 0,
    pages: root?.pages ?? 0,
    depth: root === undefined || root.page === 0 ? 0 : root.level + 1,
  };
}

/** What a decoder gives, or `undefined` for bytes that are not its own. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (isHoldfastError(error)) return undefined;
    throw error;
  }
}
