/** Bugs that many random lives have shown, and few of them: each with one that does. */

import { type Mutant, mutantFor } from "./mutant.ts";

/** Planted bugs that the swarm found while they were ours. */
export const swarmMutants: readonly Mutant[] = [
  mutantFor(
    "swarm",
    "a half of a page is cut behind two cells at once",
    "src/kernel/tree/split.ts",
    "  } while (sum * 2 < total && cut < count);\n",
    "  } while ((cut - 1 === slot || sum * 2 < total) && cut < count);\n",
    "5547",
  ),
  mutantFor(
    "swarm",
    "a log goes on behind a run that is being allocated",
    "src/block/endless/abandon_tail.ts",
    "    const blocks = await core.spare(0, true);\n    core.spares.shift();\n",
    "    const blocks = core.spares.shift() ?? await core.allocator.allocate();\n",
    "3341",
  ),
];
