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
  {
    place: "src/journal/slot_register.ts",
    text: "if (this.#replaced === undefined) return;",
    reason: "takes back a write that was never made: no caller does",
  },
  { place: "src/kernel/check/", text: "", reason: FORGED },
  { place: "src/kernel/repair/", text: "", reason: FORGED },
  { place: "src/kernel/page/page_shape.ts", text: "", reason: FORGED },
  { place: "src/kernel/two_phase/load_prepared.ts", text: "", reason: FORGED },
  { place: "src/kernel/two_phase/prepared_set.ts", text: "", reason: FORGED },
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
  { place: "src/block/log_scanner.ts", text: "file.readAt(bytes, extent.offset)", reason: CUT },
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
  { place: "src/kernel/inspect/", text: "", reason: FORGED },
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
];
