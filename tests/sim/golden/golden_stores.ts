/**
 * All golden stores.
 */

import { fileStores } from "./golden_files.ts";
import type { GoldenStore } from "./golden_store.ts";
import { streamStores } from "./golden_streams.ts";
import { structureStores } from "./golden_structures.ts";

/** Every structure has one at least. */
export const goldenStores: readonly GoldenStore[] = [
  ...structureStores,
  ...streamStores,
  ...fileStores,
];
