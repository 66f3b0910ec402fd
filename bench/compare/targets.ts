/**
 * What the rows of the kernel comparison must reach. Where a runtime's own engine is that much
 * faster, it has a target of its own.
 *
 * @module
 */

import process from "node:process";
import type { Target } from "../report.ts";
import { PEERS, SQLITE } from "./contestants.ts";

const LMDB = ["lmdb"];
const LEVEL = ["level"];
const isBun = process.versions["bun"] !== undefined;

/** The name of the figure that `getMany` is compared with. */
export const SINGLE_GETS = "holdfast, single gets";

type TargetedRow =
  | "put"
  | "putShared"
  | "append"
  | "load"
  | "size"
  | "get"
  | "getMany"
  | "scan"
  | "mixedDurable"
  | "mixedUnsynced";

/** By row. */
export const TARGETS: Readonly<Record<TargetedRow, readonly Target[]>> = {
  put: [{ against: SQLITE, ratio: 0.95, stretch: 1.1 }, { against: LMDB, ratio: 2 }],
  putShared: [{ against: PEERS, ratio: 2.5, stretch: 5 }],
  append: [{ against: LMDB, ratio: 2, stretch: 3.5 }],
  load: [
    { against: LEVEL, ratio: 1, stretch: 1.5 },
    { against: LMDB, ratio: 5, stretch: 8 },
    { against: SQLITE, ratio: 5 },
  ],
  size: [{ against: LMDB, ratio: 1 }, { against: SQLITE, stretch: 1 }],
  get: [
    { against: LMDB, ratio: isBun ? 1 : 1.3, stretch: isBun ? 1.4 : 1.8 },
    { against: SQLITE, ratio: 3, stretch: 5 },
  ],
  getMany: [{ against: [SINGLE_GETS], ratio: 1.5, stretch: 2 }],
  scan: isBun
    ? [{ against: ["bun:sqlite"], ratio: 0.9, stretch: 1.5 }]
    : [{ against: PEERS, ratio: 3, stretch: 5 }],
  mixedDurable: [{ against: SQLITE, ratio: 1.1, stretch: 1.25 }],
  mixedUnsynced: [{ against: LMDB, ratio: 1.5, stretch: 2 }],
};
