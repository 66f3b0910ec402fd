/**
 * Gets out of a damaged file what verifies.
 *
 * 1. The superblock, from the newest slot that is intact. It names the tree of roots, the free space
 *    bitmap and the log.
 * 2. Every tree from its root, each page as its parent knows it (`salvage_tree.ts`).
 * 3. Key ranges that are lost, and trees whose root is lost: leaves found by their headers that
 *    nothing else led to (`salvage_scan.ts`), the newest first. They count only if the bitmap says
 *    that they are in use, or, without a bitmap, anyway. Pages newer than the superblock count only if
 *    another slot is damaged: then they may belong to an image that is newer than the one found.
 * 4. The log, on top of that (`salvage_log.ts`). Its operations are absolute: what they touch is right
 *    afterwards, whatever was found before.
 * 5. Names (`salvage_names.ts`).
 *
 * What nobody can know: without a bitmap, which of the leaves found are old ones: removed entries may
 * be back. Without a superblock the log cannot be read either (its checksums are seeded with the
 * identity): the newest commits are missing. How many entries were in a tree whose root is lost.
 *
 * Memory: one bit a page, 12 bytes a leaf once anything is lost, the page cache, one log extent pair.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { SlotRegister } from "../../journal/slot_register.ts";
import { PAGE_BYTES } from "../limits.ts";
import { SLOT_LAYOUT } from "../open_store.ts";
import {
  type Arena,
  cellAt,
  createArena,
  keyLength,
  LEAF_CELL_HEAD,
  slotCount,
} from "../page/page.ts";
import { ByteReader } from "../../base/byte_reader.ts";
import { CorruptionError, FormatError } from "../../errors.ts";
import { keyOf } from "../page/page_shape.ts";
import type { RepairReport } from "./repair_report.ts";
import { salvageInDoubt } from "./salvage_in_doubt.ts";
import { salvageLog } from "./salvage_log.ts";
import { SalvageNames } from "./salvage_names.ts";
import { type FoundLeaf, SalvageScan } from "./salvage_scan.ts";
import type { SalvageSource } from "./salvage_source.ts";
import { isTreeId, type SalvageTarget } from "./salvage_target.ts";
import { isWithin, type KeyRange, SalvageTree } from "./salvage_tree.ts";
import { CATALOG_TREE, FIRST_TREE, ROOTS_TREE, treeKey } from "../tree/state.ts";
import type { StructureInfo } from "../catalog/structure_tree.ts";
import { decodeRoot, decodeSuperblock, type StoredRoot, type Superblock } from "../superblock.ts";

/** What is known of a tree of the damaged file. */
interface TreeState {
  /** Entries that its root counts; unknown when the root is lost. */
  readonly count: number | undefined;
  /** Entries found. */
  found: number;
  /** Key ranges that no parent led to. */
  readonly lost: readonly KeyRange[];
}

const EVERYTHING: readonly KeyRange[] = [{}];

/** One repair. */
export class Salvage {
  readonly #source: SalvageSource;
  readonly #checksum: Checksum;
  readonly #path: string;
  readonly #scan: SalvageScan;
  readonly #trees = new Map<number, TreeState>();
  readonly #leaf = createArena(PAGE_BYTES);
  #superblock: Superblock | undefined;
  #hasDamagedSlot = false;
  #used: Uint32Array | undefined;
  #isOurs = false;
  #isScanned = false;
  #lostRoots: readonly KeyRange[] = EVERYTHING;
  #scannedEntries = 0;

  /** Prepares to read `source`. */
  constructor(source: SalvageSource, checksum: Checksum, path: string) {
    this.#source = source;
    this.#checksum = checksum;
    this.#path = path;
    this.#scan = new SalvageScan(source);
  }

  /**
   * Finds where to begin.
   * @throws {FormatError} `NOT_OUR_FILE` when there is neither our magic nor a single page of ours;
   * `FORMAT_NEWER`
   */
  *begin(): Generator<void> {
    this.#readSuperblock();
    this.#readBitmap();
    if (this.#isOurs) return;
    yield* this.#scanOnce();
    if (this.#scan.count > 0) return;
    throw new FormatError(
      "NOT_OUR_FILE",
      `Cannot repair "${this.#path}": nothing in it is of a Holdfast database`,
      { path: this.#path },
    );
  }

  /** Carries everything that is found over to `target`, in small steps. */
  *run(
    target: SalvageTarget,
    given: Readonly<Record<string, StructureInfo>>,
  ): Generator<void, Omit<RepairReport, "bytes">> {
    const roots = yield* this.#readRoots();
    for (const [id, root] of roots) yield* this.#walk(target, id, root);
    if (this.#lostRoots.length > 0) yield* this.#findTrees();
    if ([...this.#trees.values()].some(({ lost }) => lost.length > 0)) yield* this.#rescue(target);
    const superblock = this.#superblock;
    const replayedCommits = superblock === undefined
      ? 0
      : salvageLog(this.#source, this.#checksum, superblock, target);
    yield;
    salvageInDoubt(this.#source, target);
    const names = yield* this.#name(target, given);
    const structures = names.all.map(({ name, kind, format, tree }) => {
      const known = this.#trees.get(tree) ?? { count: 0, found: 0, lost: [] };
      const missing = known.count === undefined
        ? undefined
        : Math.max(0, known.count - known.found);
      return { name, kind, format, entries: target.count(tree), missing, lost: known.lost };
    });
    return {
      mode: this.#lostRoots === EVERYTHING ? "scan" : "tree",
      entries: structures.reduce((sum, { entries }) => sum + entries, 0),
      scannedEntries: this.#scannedEntries,
      mayBeStale: this.#scannedEntries > 0 && this.#used === undefined,
      lostValues: target.lostValues,
      replayedCommits,
      structures,
      problems: this.#source.problems,
    };
  }

  #readSuperblock(): void {
    const { value, damaged, ours } = new SlotRegister(this.#source, this.#checksum, SLOT_LAYOUT)
      .read();
    this.#isOurs = ours;
    this.#hasDamagedSlot = damaged.length > 0;
    for (const slot of damaged) {
      this.#source.report("CORRUPT_SUPERBLOCK", `Superblock ${slot} is damaged`, slot);
    }
    if (value === undefined) return;
    try {
      this.#superblock = decodeSuperblock(value, this.#path);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      this.#source.report("CORRUPT_SUPERBLOCK", error.message);
    }
  }

  #readBitmap(): void {
    const superblock = this.#superblock;
    if (superblock === undefined) return;
    const { current, next, bitmap, pageCount } = superblock;
    for (const run of [current, next, bitmap]) this.#source.claimRun(run.page, run.pages);
    if (pageCount > this.#source.pageCount) {
      const text = `The file ends at page ${this.#source.pageCount} of ${pageCount}`;
      this.#source.report("CORRUPT_SUPERBLOCK", text);
    }
    const words = (pageCount + 31) >>> 5;
    if (bitmap.bytes === words * 4 && bitmap.bytes <= this.#source.size()) {
      const bits = new Uint32Array(words);
      const bytes = new Uint8Array(bits.buffer);
      const read = this.#source.readAt(bytes, bitmap.page * PAGE_BYTES);
      const sum = this.#checksum.of(bytes, 0, bytes.length);
      if (read === bytes.length && sum === bitmap.checksum) this.#used = bits;
    }
    if (this.#used !== undefined) return;
    this.#source.report("CORRUPT_PAGE", "The free space bitmap is damaged", bitmap.page);
  }

  /** The roots of all trees, by ascending id. */
  *#readRoots(): Generator<void, [number, StoredRoot][]> {
    const roots = new Map<number, StoredRoot>();
    if (this.#superblock !== undefined) {
      const tree = new SalvageTree(this.#source, ROOTS_TREE);
      const { page } = this.#superblock.roots;
      for (const leaf of tree.leaves(this.#superblock.roots)) {
        for (let slot = 0; slot < slotCount(leaf, 0); slot++) this.#takeRoot(leaf, slot, roots);
        yield;
      }
      const isWhollyLost = tree.lost.length === 1 && page !== 0 && roots.size === 0;
      this.#lostRoots = isWhollyLost ? EVERYTHING : tree.lost;
    }
    // A leaf of roots that is in use is the present one: its roots are verified by their checksums.
    if (this.#lostRoots.length > 0 && this.#used !== undefined) {
      yield* this.#scanOnce();
      for (const { page } of this.#scan.newestFirst((leaf) => this.#isRescue(leaf, ROOTS_TREE))) {
        if (!this.#source.readPage(page, this.#leaf)) continue;
        for (let slot = 0; slot < slotCount(this.#leaf, 0); slot++) {
          this.#takeRoot(this.#leaf, slot, roots);
        }
        yield;
      }
    }
    return [...roots].sort((a, b) => a[0] - b[0]);
  }

  #takeRoot(leaf: Arena, slot: number, roots: Map<number, StoredRoot>): void {
    const key = keyOf(leaf, 0, slot);
    const value = cellAt(leaf, 0, slot) + LEAF_CELL_HEAD + key.length;
    if (key.length !== 4 || value + 21 > PAGE_BYTES) return;
    const id = new DataView(key.buffer).getUint32(0);
    if (!isTreeId(id) || roots.has(id)) return;
    roots.set(id, decodeRoot(new ByteReader(leaf.u8, value, value + 21)));
  }

  *#walk(target: SalvageTarget, id: number, root: StoredRoot): Generator<void> {
    const tree = new SalvageTree(this.#source, id);
    const state: TreeState = { count: root.count, found: 0, lost: tree.lost };
    this.#trees.set(id, state);
    for (const leaf of tree.leaves(root)) {
      for (let slot = 0; slot < slotCount(leaf, 0); slot++) {
        if (target.putSlot(id, leaf, slot)) state.found++;
      }
      target.settle();
      yield;
    }
  }

  /** Trees whose roots are lost show by their leaves. */
  *#findTrees(): Generator<void> {
    yield* this.#scanOnce();
    for (const id of this.#scan.trees((leaf) => this.#isRescue(leaf, leaf.tree))) {
      if (!isTreeId(id) || this.#trees.has(id)) continue;
      if (!this.#lostRoots.some((range) => isWithin(treeKey(id), range))) continue;
      this.#trees.set(id, { count: undefined, found: 0, lost: EVERYTHING });
    }
  }

  *#rescue(target: SalvageTarget): Generator<void> {
    yield* this.#scanOnce();
    const isWanted = (leaf: FoundLeaf): boolean =>
      this.#isRescue(leaf, leaf.tree) && (this.#trees.get(leaf.tree)?.lost.length ?? 0) > 0;
    const leaf = this.#leaf;
    for (const { page, tree } of this.#scan.newestFirst(isWanted)) {
      if (!this.#source.readPage(page, leaf)) continue;
      const state = this.#trees.get(tree)!;
      for (let slot = 0; slot < slotCount(leaf, 0); slot++) {
        const key = keyOf(leaf, 0, slot);
        if (!state.lost.some((range) => isWithin(key, range))) continue;
        const keyAt = cellAt(leaf, 0, slot) + LEAF_CELL_HEAD;
        if (target.has(tree, leaf.u8, keyAt, keyLength(leaf, 0, slot))) continue;
        if (!target.putSlot(tree, leaf, slot)) continue;
        state.found++;
        if (tree >= FIRST_TREE) this.#scannedEntries++;
      }
      target.settle();
      yield;
    }
  }

  /** Whether a leaf may stand for what is lost of a tree. */
  #isRescue({ page, tree, epoch }: FoundLeaf, wanted: number): boolean {
    if (tree !== wanted || this.#source.isClaimed(page)) return false;
    if (this.#superblock === undefined) return true;
    if (epoch > this.#superblock.epoch) return this.#hasDamagedSlot;
    const used = this.#used;
    return used === undefined || ((used[page >>> 5] ?? 0) >>> (page & 31) & 1) === 1;
  }

  *#scanOnce(): Generator<void> {
    if (this.#isScanned) return;
    this.#isScanned = true;
    yield* this.#scan.run();
  }

  *#name(
    target: SalvageTarget,
    given: Readonly<Record<string, StructureInfo>>,
  ): Generator<void, SalvageNames> {
    const names = new SalvageNames(this.#source, target);
    const catalog = this.#trees.get(CATALOG_TREE);
    const isDamaged = this.#lostRoots.length > 0 || (catalog?.lost.length ?? 0) > 0 ||
      (catalog?.count ?? 0) > (catalog?.found ?? 0);
    const { nameless } = names;
    if (!isDamaged || nameless.size === 0) return names;
    yield* this.#scanOnce();
    const isCatalog = ({ page, tree }: FoundLeaf): boolean =>
      tree === CATALOG_TREE && !this.#source.isClaimed(page);
    for (const { page } of this.#scan.newestFirst(isCatalog)) {
      if (this.#source.readPage(page, this.#leaf)) names.takeOlder(this.#leaf, nameless);
      yield;
    }
    names.makeUp(given);
    return names;
  }
}
