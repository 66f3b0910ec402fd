/** Bugs of journals, of runs of blocks and of the streams in them. */

import { type Mutant, mutant, mutantOf } from "./mutant.ts";

const BLOCK_FILE = "src/block/block_file.ts";
const BLOCK_STREAM = "src/block/stream/block_stream.ts";
const ENDLESS = "src/block/endless/endless_stream.ts";
const FILE_BLOCKS = "src/block/file_blocks.ts";
const HEAD = "src/block/sequence_head.ts";
const IDENTITY = "src/journal/identity.ts";
const JOURNAL_FILE = "src/journal/journal_file.ts";
const OWNED = "src/journal/owned_file.ts";
const QUEUE = "src/block/endless/append_queue.ts";
const RECOVER = "src/block/endless/recover_stream.ts";

/** Planted bugs below the kernel. */
export const blockMutants: readonly Mutant[] = [
  mutant(
    "a value of a journal is acknowledged before it is durable",
    JOURNAL_FILE,
    "      await this.#sync();\n    } catch",
    "    } catch",
    "journal: update",
  ),
  mutant(
    "a new small file is not synced before its rename",
    OWNED,
    "      await file.syncAsync();\n",
    "",
    "journal: update",
  ),
  mutantOf("the folder of a new small file is not synced", [
    { file: OWNED, find: "  await io.syncDirectory(path);\n", replace: "" },
    { file: JOURNAL_FILE, find: "      await io.syncDirectory(path);\n", replace: "" },
    { file: IDENTITY, find: "    await io.syncDirectory(name);\n", replace: "" },
  ], "journal: update"),
  mutant(
    "an opened journal trusts the system's cache",
    JOURNAL_FILE,
    "      await file.write(value);\n      return { file, value };",
    "      return { file, value };",
    "killed owners: journal",
  ),
  mutant(
    "a run of blocks gets its name before it is durable",
    BLOCK_FILE,
    "  await file.syncAsync();\n",
    "",
    "blocks: allocate",
  ),
  mutant(
    "the name of a run of blocks is not durable when it is given out",
    FILE_BLOCKS,
    "        // Durable after this: the name.\n        await this.#io.syncDirectory(path);\n",
    "",
    "blocks: allocate",
  ),
  mutant(
    "a run of blocks is gone before its head says so",
    FILE_BLOCKS,
    "await this.#durably(() => this.#writeHead({ ...this.#head, first: id + 1 }));",
    "this.#head = { ...this.#head, first: id + 1 };",
    "blocks: release",
  ),
  mutant(
    "the head of runs of blocks is not synced",
    HEAD,
    "      await this.#file.syncAsync();\n    } catch",
    "    } catch",
    "blocks: release",
  ),
  mutant(
    "the header of a segment is not durable before what is behind it",
    QUEUE,
    "    await this.#sync(blocks);\n    segment.hasHeader = true;",
    "    segment.hasHeader = true;",
    "log: roll",
  ),
  mutant(
    "an append to a log is acknowledged before it is durable",
    QUEUE,
    "      await this.#sync(segment.blocks);\n",
    "",
    "log: append",
  ),
  mutant(
    "the torn tail of a log stays where it is",
    RECOVER,
    "      if (loaded.sealed) clearTail(loaded);\n",
    "",
    "log: durability",
  ),
  mutant(
    "a torn tail is cleared in the system's cache only",
    RECOVER,
    "      // Durable after this: all that readers will see, and that the torn tail is gone.\n" +
      "      blocks.sync();\n",
    "",
    "log: durability",
  ),
  mutant(
    "a new segment does not know the cursors and the start",
    QUEUE,
    "    core.push(segment);\n    addSnapshot(core, segment);\n",
    "    core.push(segment);\n",
    "log: cursor",
  ),
  mutant(
    "segments are released before the trim is durable",
    ENDLESS,
    'record.length, "disk", undefined)',
    'record.length, "memory", undefined)',
    "log: trim",
  ),
  mutant(
    "a log goes on inside a block that holds what is durable",
    RECOVER,
    "if (!loaded.sealed || loaded.damage.length > 0",
    "if (loaded.damage.length > 0",
    "killed owners: stream, no-psow",
  ),
  mutant(
    "a stream of blocks has no durable header before its first bytes",
    BLOCK_STREAM,
    "      segment.blocks.sync();\n      segment.hasHeader = true;",
    "      segment.hasHeader = true;",
    "block stream: append",
  ),
  mutant(
    "a flush shows what is still to be written",
    BLOCK_STREAM,
    "    if (segment.pendingBytes > 0) this.#guard(() => this.#write(false));\n    segment.visible",
    "    segment.visible",
    "block stream: flush",
  ),
];
