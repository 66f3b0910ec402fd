/** Bugs that only failing calls show. */

import { type Mutant, mutantFor } from "./mutant.ts";

const HEALTH = "src/kernel/health.ts";
const OPEN = "src/kernel/open_store.ts";

/** Planted bugs of what is done after a call has failed. */
export const faultMutants: readonly Mutant[] = [
  mutantFor(
    "faults",
    "a failed sync does not poison the store",
    HEALTH,
    "    this.poisoned = true;\n",
    "",
  ),
  mutantFor(
    "faults",
    "a failed sync is tried again",
    HEALTH,
    "      this.#file.sync();\n",
    "      try {\n        this.#file.sync();\n      } catch {\n        this.#file.sync();\n      }\n",
    "group commit",
  ),
  mutantFor(
    "faults",
    "values that a failed sync has lost are taken from the cache",
    OPEN,
    "  renewRuns(engine, sets, Math.max(0, reading.durable - superblock.sequence));\n",
    "",
    "large value",
  ),
];
