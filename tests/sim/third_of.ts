/**
 * Shares of a list for the ordinary test run: each runtime takes a third. That all of it is equal on
 * the three is what `deno task prove` shows.
 */

import { RUNTIME_NAMES, type RuntimeName } from "../tools/runtimes.ts";

/** The third of a list that a runtime takes. */
export function thirdOf<T>(all: readonly T[], runtime: RuntimeName): T[] {
  const share = RUNTIME_NAMES.indexOf(runtime);
  return all.filter((_, at) => at % RUNTIME_NAMES.length === share);
}
