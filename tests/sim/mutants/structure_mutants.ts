/** Bugs of structures over the kernel. */

import { type Mutant, mutant } from "./mutant.ts";

const ONCE = "src/structures/once_map.ts";
const RECORD_LOG = "src/structures/record_log.ts";
const REGISTER = "src/structures/register.ts";
const SECONDARY = "src/structures/secondary/secondary_writer.ts";
const SEGMENT = "src/structures/segment.ts";

/** Planted bugs of what structures promise beyond their entries. */
export const structureMutants: readonly Mutant[] = [
  mutant(
    "ids of deleted records of a segment are given again",
    SEGMENT,
    "      if (id.serial >= kept) keepHead(tree, id.serial + HEAD_STEP);\n",
    "",
    "segment: commits",
  ),
  mutant(
    "the second put of a once map counts",
    ONCE,
    "    if (this.#tree.probe(keyBytes)) {",
    "    if (this.#tree.probe(keyBytes) && keyBytes.length > 1e9) {",
    "once map: commits",
  ),
  mutant(
    "a monotonic register takes a smaller value",
    REGISTER,
    "      if (order > 0) throw decreased();\n",
    "",
    "register: commits",
  ),
  mutant(
    "a record log that is trimmed to its head begins again",
    RECORD_LOG,
    "      if (removed > 0 && before >= head) keepHead(this.#tree, head);\n",
    "",
    "record log: commits",
  ),
  mutant(
    "a changed record keeps its entries in secondary indexes",
    SECONDARY,
    "        for (const entry of gone) tree.remove(entry, GUARD);\n        const held",
    "        const held",
    "index: secondary",
  ),
];
