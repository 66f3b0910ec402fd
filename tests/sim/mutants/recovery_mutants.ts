/** Bugs of opening, of what a batch says about itself, and of what a close leaves behind. */

import { type Mutant, mutant, mutantOf } from "./mutant.ts";

const BATCH = "src/block/log_batch.ts";
const CHECKPOINT = "src/kernel/commit/checkpoint.ts";
const OPEN = "src/kernel/open_store.ts";
const REGISTER = "src/journal/slot_register.ts";
const STORE_FILE = "src/kernel/store_file.ts";
const WRITER = "src/block/log_writer.ts";

/** Planted bugs that show after a crash: in what was written before it, or in what reads it. */
export const recoveryMutants: readonly Mutant[] = [
  mutantOf("the folder is not synced after the rename of a new store", [
    {
      file: OPEN,
      find:
        "    // Durable after this: the name. The database exists.\n    await io.syncDirectory(path);\n",
      replace: "",
    },
    { file: STORE_FILE, find: "  await io.syncDirectory(real);\n", replace: "" },
  ], "first create"),
  mutantOf("the superblocks are in one block", [
    {
      file: OPEN,
      find: "  slotBytes: PAGE_BYTES,\n  slots: SUPERBLOCK_SLOTS,",
      replace: "  slotBytes: 512,\n  slots: SUPERBLOCK_SLOTS,",
    },
    { file: REGISTER, find: "layout.slotBytes % 4096 === 0", replace: "layout.slotBytes > 0" },
  ], "no-psow checkpoint"),
  mutant(
    "a sealed batch behind an unsealed one ends inside a block",
    BATCH,
    "return Math.ceil((at + BATCH_HEADER_BYTES + payloadBytes) / unit) * unit;",
    "return at + Math.ceil((BATCH_HEADER_BYTES + payloadBytes) / unit) * unit;",
    "no-psow seals",
  ),
  mutant(
    "what a record names outside the log may be torn",
    OPEN,
    "    if (readRun(file, checksum, set.out.bytes, set.valueAt(op)) === undefined) return false;\n",
    "",
    "large value",
  ),
  mutant(
    "tree ids of replayed commits are given again",
    OPEN,
    "    engine.nextTree = Math.max(engine.nextTree, tree + 1);\n",
    "",
    "drop and create",
  ),
  mutant(
    "replay begins behind commits made during the checkpoint",
    CHECKPOINT,
    "      sequence: image.sequence,\n      chain: image.chain,",
    "      sequence: engine.log.position.sequence,\n      chain: engine.log.position.chain,",
    "stepped checkpoint",
  ),
  mutant(
    "a batch says that what was not synced is durable",
    WRITER,
    "        durable: this.durable,",
    "        durable: this.position.sequence,",
    "mixed durability",
  ),
  mutant(
    "every checkpoint is a clean close",
    CHECKPOINT,
    "clean: request.clean === true",
    "clean: true",
    "checkpoint",
  ),
  mutant(
    "replay does not know the large values that its log names",
    OPEN,
    "    markRuns(engine, set);\n    if",
    "    if",
    "large value",
  ),
  mutant(
    "what is replayed is not durable before its superblock",
    CHECKPOINT,
    'if (pause === "sync") await file.syncAsync();',
    "",
    "wide image",
  ),
];
