/** Bugs of the kernel that the campaigns must find. */

import { type Mutant, mutant } from "./mutant.ts";

const CHECKPOINT = "src/kernel/commit/checkpoint.ts";
const LOG_SYNC = "src/kernel/commit/log_sync.ts";
const OPEN = "src/kernel/open_store.ts";
const PLACES = "src/kernel/commit/checkpoint_places.ts";
const FREED = "src/kernel/space/freed_pages.ts";
const PAGER = "src/kernel/page/pager.ts";
const SPACE = "src/kernel/space/free_space.ts";
const DROPPED = "src/kernel/catalog/dropped_trees.ts";
const REMOVE_LEAF = "src/kernel/tree/remove_last_leaf.ts";
const SCANNER = "src/block/log_scanner.ts";
const BATCH = "src/block/log_batch.ts";
const REGISTER = "src/journal/slot_register.ts";
const PREPARED = "src/kernel/two_phase/prepared_transaction.ts";
const SETS = "src/kernel/two_phase/prepared_sets.ts";
const INFLOW = "src/structures/content/content_inflow.ts";

/** Planted bugs of commits, recovery, checkpoints, space and transactions in doubt. */
export const kernelMutants: readonly Mutant[] = [
  mutant(
    "no sync before a commit is acknowledged",
    LOG_SYNC,
    "    file.sync();\n    this.#measured(",
    "    this.#measured(",
  ),
  mutant(
    "no sync before a commit is acknowledged, off the thread",
    LOG_SYNC,
    "      await file.syncAsync();\n",
    "",
    "slow disk",
  ),
  mutant(
    "the file's contents are not synced before its rename",
    OPEN,
    "    file.sync();\n  } finally {\n    file.close();\n  }\n  await io.rename",
    "  } finally {\n    file.close();\n  }\n  await io.rename",
  ),
  mutant(
    "the mark that a store is in use is not written",
    OPEN,
    "{ ...superblock, clean: false }",
    "{ ...superblock, clean: true }",
  ),
  mutant(
    "recovery does not make the log start over",
    OPEN,
    "if (reading.batches > 0 || reading.droppedBytes > 0) {",
    "if (sets.length > 1e9) {",
  ),
  mutant(
    "the payload of a batch is not verified",
    SCANNER,
    "sum === header.payloadChecksum",
    "sum >= 0",
  ),
  mutant(
    "batches of an earlier use of the log are accepted",
    SCANNER,
    "header.salt === extent.salt && header.sequence === position.sequence &&\n" +
      "    header.chain === position.chain",
    "extent.salt >= 0n && position.sequence > 0",
  ),
  mutant(
    "a synced batch does not end at a block boundary",
    BATCH,
    "sealed ? SEAL_BYTES : BATCH_HEADER_BYTES",
    "BATCH_HEADER_BYTES",
    "no-psow commits",
  ),
  mutant(
    "the superblock is written before the pages it names are synced",
    CHECKPOINT,
    "    } else {\n      file.sync();\n    }",
    "    }",
  ),
  mutant(
    "pages are released before the new superblock is synced",
    "src/kernel/engine.ts",
    "      this.file.sync();\n    } catch",
    "    } catch",
    "group commit",
  ),
  mutant(
    "an image does not say where replay begins",
    CHECKPOINT,
    "sequence: image.sequence,\n      chain",
    "sequence: old.sequence,\n      chain",
  ),
  mutant(
    "the log goes on in the extent that replay begins in",
    CHECKPOINT,
    "log.switchTo(extentOf(engine.superblock.next))",
    "log.switchTo(extentOf(engine.superblock.current))",
    "checkpoint",
  ),
  mutant(
    "freed pages are reused at once",
    FREED,
    "    last.runs.push(first, count, born, freed);\n    this.waitingCount += count;\n",
    "    this.#release(first, count);\n",
  ),
  mutant(
    "freed pages are reused before the superblock that freed them is durable",
    FREED,
    "    last.runs.push(first, count, born, freed);\n    this.waitingCount += count;\n",
    "    this.#place(first, count, born, freed);\n",
  ),
  mutant(
    "freed pages are reused while a snapshot needs them",
    FREED,
    "if (view < born) return",
    "if (view < Infinity) return",
    "page reuse",
  ),
  mutant(
    "pages that a snapshot needs change in place",
    PAGER,
    "born > this.imageEpoch && born > this.space.freed.newestView",
    "born > this.imageEpoch",
    "page reuse",
  ),
  mutant(
    "pages of dropped structures are reused at once",
    REMOVE_LEAF,
    "pager.freePage(page, epochOf(leaf, 0));",
    "pager.space.release(page, 1);",
    "drop and create",
  ),
  mutant(
    "large values of dropped structures are not freed",
    REMOVE_LEAF,
    "    tree.overflow.free(leaf.u8, at + LEAF_CELL_HEAD + keyLength(leaf, 0, slot));\n",
    "",
    "drop and create",
  ),
  mutant(
    "a dropped structure is forgotten before its pages are freed",
    DROPPED,
    "if (present.page === 0) {",
    "if (present.pages < 30) {",
    "drop and create",
  ),
  mutant(
    "freed pages stay used in the image",
    SPACE,
    "    this.freed.forEach((first, count) => clearRun(bits, first, count));\n",
    "",
    "group commit",
  ),
  mutant(
    "the file is cut before the superblock that allows it is durable",
    CHECKPOINT,
    "    // Durable after this: the new image is the database, replay begins at its sequence.\n",
    "    file.truncate(pageCount * PAGE_BYTES);\n",
    "compaction",
  ),
  mutant(
    "the new place of the log is not marked in the image",
    PLACES,
    "  setRun(words, extents.next.page, extents.next.pages);\n",
    "",
  ),
  mutant(
    "only one superblock slot is ever written",
    REGISTER,
    "const slot = (this.#newest + 1) % slots;",
    "const slot = 0;",
  ),
  mutant(
    "the oldest superblock is taken",
    REGISTER,
    "else if (found.epoch > this.epoch) {",
    "else if (this.epoch === 0 || found.epoch < this.epoch) {",
  ),
  mutant(
    "the checksum of a superblock is not verified",
    REGISTER,
    "checksum.of(bytes, 20, end) !== view.getUint32(16, true)",
    "false",
  ),
  mutant(
    "a prepare is acknowledged before it is durable",
    PREPARED,
    'set, "disk", new Prepared',
    'set, "memory", new Prepared',
    "two phase",
  ),
  mutant(
    "a decision is acknowledged before it is durable",
    PREPARED,
    'set, "disk", undefined',
    'set, "memory", undefined',
    "two phase",
  ),
  mutant(
    "large values of prepared transactions are free in the image",
    SETS,
    "      for (const [page] of runsOf(prepared)) engine.reserved.delete(page);\n",
    "",
    "two phase",
  ),
  mutant(
    "large values of transactions that are rolled back are reused at once",
    SETS,
    "engine.overflow.free(bytes, reference)",
    "engine.space.release(referencePage(bytes, reference), 1)",
    "two phase",
  ),
  mutant(
    "replay does not know the large values that its log prepares",
    OPEN,
    "    if (set.prepared !== undefined) markRuns(engine, set.prepared);\n",
    "",
    "two phase",
  ),
  mutant(
    "a stream of bytes that are there already leaves its chunks",
    INFLOW,
    "        removeChunks(tree, serial, this.#chunks);\n",
    "",
    "content store",
  ),
  mutant(
    "a stream that breaks off leaves its chunks",
    INFLOW,
    "        removeChunks(tree, this.#serial, this.#chunks);\n",
    "",
    "content store",
  ),
];
