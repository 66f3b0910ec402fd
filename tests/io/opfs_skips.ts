import type { Skips } from "./contract.ts";

const reason = "OPFS moves and removes no file that is open: LOCKED, tested on its own";

/** The promises of the IO contract that OPFS cannot keep. */
export const OPFS_SKIPS: Skips = {
  "rename: open handles follow the file, the replaced one lives": reason,
  "remove: the removed file lives while open": reason,
  "tryLock: lasts while open files are replaced and removed": reason,
};
