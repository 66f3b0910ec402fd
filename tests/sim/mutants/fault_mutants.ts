/** Bugs that only failing calls show. */

import { type Mutant, mutantFor } from "./mutant.ts";

const HEALTH = "src/kernel/health.ts";

/** Planted bugs of what is done after a call has failed. */
export const faultMutants: readonly Mutant[] = [
  mutantFor(
    "faults",
    "a failed sync does not poison the store",
    HEALTH,
    "    this.poisoned = true;\n",
    "",
    "group commit",
  ),
  mutantFor(
    "faults",
    "a failed sync is tried again",
    HEALTH,
    "      this.#file.sync();\n",
    "      try {\n        this.#file.sync();\n      } catch {\n        this.#file.sync();\n      }\n",
    "group commit",
  ),
];
