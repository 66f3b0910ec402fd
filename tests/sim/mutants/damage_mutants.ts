/** Bugs that only damaged bytes show. */

import { type Mutant, mutantFor } from "./mutant.ts";

const LOAD_SEGMENT = "src/block/stream/load_segment.ts";
const OPEN = "src/kernel/open_store.ts";
const OVERFLOW = "src/kernel/page/overflow.ts";
const PAGE_READER = "src/kernel/page/page_reader.ts";
const SCANNER = "src/block/log_scanner.ts";

/** Planted bugs of what is verified before it is believed. */
export const damageMutants: readonly Mutant[] = [
  mutantFor(
    "damage",
    "the checksum of a page is not verified",
    PAGE_READER,
    "this.#checksum.of(arena.u8, base + 4, base + PAGE_BYTES) !== checksum",
    "checksum < 0",
    "index and record log",
  ),
  mutantFor(
    "damage",
    "the checksum of a large value is not verified",
    OVERFLOW,
    "const isRight = to?.provenByCaller || checksum.of(value, 0, length) === u32At(bytes, at + 4);",
    "const isRight = checksum !== undefined || at < 0;",
    "values beside the log",
  ),
  mutantFor(
    "damage",
    "the checksum of the free space bitmap is not verified",
    OPEN,
    "read === bytes && checksum.of(raw, 0, bytes) === expected",
    "read === bytes && expected >= 0",
    "index and record log",
  ),
  mutantFor(
    "damage",
    "what is damaged inside the log is taken for a torn tail",
    SCANNER,
    "    if (rest.claim < 0) continue;\n",
    "    if (rest.claim < Infinity) continue;\n",
    "index and record log",
  ),
  mutantFor(
    "damage",
    "what is damaged inside a segment is taken for a torn tail",
    LOAD_SEGMENT,
    "if (!rest.claimed && claimed <= position.sequence) {",
    "if (claimed <= position.sequence) {",
    "endless stream",
  ),
];
