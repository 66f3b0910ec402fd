/**
 * Where the golden files of a version are: a folder for each store and state.
 */

import type { Golden } from "./golden_store.ts";

/** The folder of all versions. */
export const GOLDEN_FOLDER = "tests/sim/golden/files";

/** The folder of one store, as a path of the repository. */
export function goldenFolder(version: string, name: string, state: Golden["state"]): string {
  return `${GOLDEN_FOLDER}/v${version}/${name.replaceAll(" ", "-")}-${state}`;
}
