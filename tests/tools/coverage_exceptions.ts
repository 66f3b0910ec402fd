/**
 * Branches of the core that need not run in tests, each with the reason. Everything else that does
 * not run is printed by `deno task coverage` without one.
 *
 * @module
 */

/** Branches that need not run. */
export interface CoverageException {
  /** The file, or the folder, that they are in. */
  readonly place: string;
  /** Part of the line they begin in; empty: any line there. */
  readonly text: string;
  readonly reason: string;
}

const FORGED = "bytes that nobody wrote, with checksums that are right: only a forger makes them";
const STRANGER = "passes on an error that is none of ours: a bug elsewhere";
const PLACEHOLDER = "stands until its owner puts its own function there";
const COLLECTOR = "runs when the garbage collector gets there, which no test can tell it to";
const SECOND = "a second failure, of the clearing up behind a first one that is reported";
const CUT =
  "the file was as long as its head says when it was opened: somebody cuts it while it is open";
const DECAY = "what was whole when the store was opened is damaged when it is read again";
const LARGE = "takes a gigabyte of changes";

/** All of them. */
export const exceptions: readonly CoverageException[] = [
  { place: "src/", text: "if (!isHoldfastError(error)", reason: STRANGER },
  { place: "src/", text: ": () => void = () => {};", reason: PLACEHOLDER },
  { place: "src/", text: ".catch(() => {})", reason: SECOND },
  { place: "src/block/block_file.ts", text: "throw damaged(", reason: FORGED },
  { place: "src/block/sequence_head.ts", text: "its numbers make no sense", reason: FORGED },
  { place: "src/block/stream/inconsistency.ts", text: "", reason: FORGED },
  { place: "src/block/stream/load_segment.ts", text: "", reason: FORGED },
  { place: "src/block/stream/segment_header.ts", text: "version", reason: FORGED },
  { place: "src/block/stream/segment_window.ts", text: "next.chain", reason: FORGED },
  { place: "src/block/stream/stream_record.ts", text: "", reason: FORGED },
  {
    place: "src/block/endless/append_queue.ts",
    text: "if (operation === undefined) return;",
    reason: "the queue is empty only when all that waited were given up while a run was allocated",
  },
  {
    place: "src/journal/identity.ts",
    text: "!== undefined) return;",
    reason: "somebody else creates the file between two system calls",
  },
  { place: "src/kernel/tree/leaf_walk.ts", text: "throw new CorruptionError(", reason: FORGED },
  { place: "src/kernel/transaction/open_transactions.ts", text: "", reason: COLLECTOR },
  {
    place: "src/kernel/space/free_space.ts",
    text: "// The count said that there is a free page",
    reason: "a broken promise of our own, told instead of looping for ever",
  },
  {
    place: "src/kernel/backup/store_image.ts",
    text: "bitmapPages++",
    reason: "the bitmap of an image takes a second page from 128 MiB on",
  },
  { place: "src/block/endless/abandon_tail.ts", text: "const window", reason: DECAY },
  { place: "src/block/endless/stream_reader.ts", text: "const next = findPlaced(", reason: DECAY },
  { place: "src/block/endless/stream_reader.ts", text: "this.#at = next", reason: DECAY },
  { place: "src/block/endless/stream_seek.ts", text: "window === undefined", reason: DECAY },
  { place: "src/block/log_window.ts", text: "read === bytes.length", reason: CUT },
  { place: "src/block/log_window.ts", text: "length <= read", reason: CUT },
  { place: "src/block/stream/block_stream.ts", text: "window === undefined", reason: DECAY },
  { place: "src/block/stream/segment_header.ts", text: "copy.length < COPY_BYTES", reason: CUT },
  { place: "src/kernel/backup/backup.ts", text: "let end = (): void => {};", reason: PLACEHOLDER },
  {
    place: "src/kernel/catalog/dropped_trees.ts",
    text: "",
    reason: "the trees of ids and of dropped structures are damaged while they are freed",
  },
  { place: "src/kernel/commit/write_set.ts", text: "throw new StateError(", reason: LARGE },
  { place: "src/kernel/page/overflow.ts", text: "read !== length", reason: CUT },
  { place: "src/kernel/page/run_copy.ts", text: "read < part.length", reason: CUT },
  { place: "src/kernel/page/page_reader.ts", text: "it lies outside the file", reason: FORGED },
  {
    place: "src/kernel/space/relocate.ts",
    text: "return false;",
    reason: "a commit changed the value between two steps of a compaction",
  },
  {
    place: "src/kernel/two_phase/prepared_transaction.ts",
    text: "throw new StateError(",
    reason: LARGE,
  },
  {
    place: "src/block/endless/recover_stream.ts",
    text: "header.place?.items ?? 0",
    reason: FORGED,
  },
  { place: "src/kernel/check/catalog_check.ts", text: "throw error;", reason: STRANGER },
  {
    place: "src/kernel/check/check.ts",
    text: "spareExtent !== undefined",
    reason:
      "between two checkpoints only a store has one whose checkpoint has failed, and that is poisoned",
  },
  { place: "src/kernel/check/check.ts", text: "lies outside the file", reason: FORGED },
  { place: "src/kernel/check/check.ts", text: "is below its separator", reason: FORGED },
  { place: "src/kernel/check/check.ts", text: "is not below the next separator", reason: FORGED },
  {
    place: "src/kernel/inspect/inspect_log.ts",
    text: "const length = at + 4 <= end",
    reason: FORGED,
  },
  {
    place: "src/kernel/inspect/inspect_log.ts",
    text: "it is shorter than its records",
    reason: FORGED,
  },
  { place: "src/kernel/inspect/inspect_log.ts", text: "} catch (error) {", reason: FORGED },
  { place: "src/kernel/inspect/operation_meaning.ts", text: "} catch (error) {", reason: FORGED },
  { place: "src/kernel/inspect/store_inspector.ts", text: "it has two parents", reason: FORGED },
  {
    place: "src/kernel/repair/salvage.ts",
    text: '"CORRUPT_SUPERBLOCK", error.message',
    reason: FORGED,
  },
  {
    place: "src/kernel/repair/salvage.ts",
    text: "readPage(page, this.#leaf)) continue",
    reason: "a leaf of roots decays between the scan that found it and its reading",
  },
  { place: "src/kernel/repair/salvage.ts", text: "key.length !== 4", reason: FORGED },
  {
    place: "src/kernel/repair/salvage.ts",
    text: "roots.has(id)) return",
    reason:
      "forged, or a power cut inside a checkpoint, and then damage of the newest superblock and of a leaf of roots",
  },
  { place: "src/kernel/repair/salvage_in_doubt.ts", text: "} catch (error) {", reason: FORGED },
  {
    place: "src/kernel/repair/salvage_log.ts",
    text: "reach > EXTENT_BYTES_MAX",
    reason: "takes a log of more than a gigabyte",
  },
  {
    place: "src/kernel/repair/salvage_target.ts",
    text: "A record names no key of a tree",
    reason: FORGED,
  },
  {
    place: "src/kernel/repair/salvage_target.ts",
    text: "names more values than it can hold",
    reason: FORGED,
  },
  {
    place: "src/kernel/repair/salvage_tree.ts",
    text: "levelOf(arena, 0) !== level",
    reason: FORGED,
  },
  { place: "src/kernel/repair/salvage_tree.ts", text: "impossible level", reason: FORGED },
  {
    place: "src/kernel/two_phase/load_prepared.ts",
    text: "prepares two transactions",
    reason: FORGED,
  },
  {
    place: "src/kernel/two_phase/prepared_set.ts",
    text: "set.keyLength(op) > KEY_BYTES_MAX",
    reason: FORGED,
  },
  {
    place: "src/kernel/two_phase/prepared_sets.ts",
    text: "if (decided === undefined) return;",
    reason: "a log record that decides what no record before it prepared: only a forger makes one",
  },
  {
    place: "src/kernel/transaction/operation_versions.ts",
    text: "?? this.#view.since",
    reason:
      "every change is noted as it is made; one that was not would conflict with all that came since",
  },
  {
    place: "src/kernel/commit/renew_runs.ts",
    text: "record.tree(op) !== IN_DOUBT_TREE) continue;",
    reason: "a record that prepares has that one operation: only a forger writes another beside it",
  },
  {
    place: "src/kernel/check/check.ts",
    text: "pages are free or will be",
    reason: "a count of our own has drifted from the bitmap it is made from when a store is opened",
  },
  { place: "src/kernel/inspect/store_inspector.ts", text: "throw error;", reason: STRANGER },
];
