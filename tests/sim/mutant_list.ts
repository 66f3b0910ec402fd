/** The bugs that the campaigns must find. */

import { faultMutants } from "./fault_mutants.ts";
import { kernelMutants } from "./kernel_mutants.ts";
import type { Mutant } from "./mutant.ts";
import { recoveryMutants } from "./recovery_mutants.ts";

/** Every planted bug. */
export const mutants: readonly Mutant[] = [...kernelMutants, ...recoveryMutants, ...faultMutants];
