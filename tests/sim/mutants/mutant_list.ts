/** The bugs that the campaigns must find. */

import { blockMutants } from "./block_mutants.ts";
import { damageMutants } from "./damage_mutants.ts";
import { faultMutants } from "./fault_mutants.ts";
import { kernelMutants } from "./kernel_mutants.ts";
import type { Mutant } from "./mutant.ts";
import { recoveryMutants } from "./recovery_mutants.ts";
import { streamsMutants } from "./streams_mutants.ts";
import { structureMutants } from "./structure_mutants.ts";
import { swarmMutants } from "./swarm_mutants.ts";

/** Every planted bug. */
export const mutants: readonly Mutant[] = [
  ...kernelMutants,
  ...recoveryMutants,
  ...blockMutants,
  ...structureMutants,
  ...streamsMutants,
  ...faultMutants,
  ...damageMutants,
  ...swarmMutants,
];
