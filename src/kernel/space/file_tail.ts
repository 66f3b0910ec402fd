/**
 * Cutting the free tail of the file.
 *
 * Crash argument: the newest superblock is durable and names only pages below the cut, but the
 * slot before it may hold an older one that names more. So the newest is written to a second slot as
 * well, and synced, before the file becomes shorter: whichever of the two is lost later, the other one
 * opens, and no store opens without both. A crash in between leaves a longer file than it says. The
 * cut itself needs no sync: until it is durable the file is only longer.
 *
 * What commits have taken beyond the image (values named by the log alone, reserved values, pages
 * of the next image) is in use, so it lies below the cut.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import { GROWTH_PAGES_MAX, GROWTH_PAGES_MIN, PAGE_BYTES } from "../limits.ts";

/**
 * Cuts free pages off the end of the file: "all", or only the "excess" over what steady churn is
 * going to take again. Call when the superblock in `engine` has become durable.
 */
export function cutTail(engine: Engine, what: "all" | "excess"): void {
  const { space, file, inDoubt } = engine;
  const size = Math.ceil(file.size() / PAGE_BYTES);
  const least = what === "all" ? space.end : Math.max(space.end, space.churnBound);
  // To decide a prepared transaction takes pages that it must not have to ask the disk for.
  const end = least + inDoubt.pages(engine, 0);
  const step = Math.min(Math.max(end >>> 3, GROWTH_PAGES_MIN), GROWTH_PAGES_MAX);
  if (size - end < (what === "all" ? 1 : 2 * step)) return;
  // Durable after this: two slots say that the file is this short.
  engine.switchSuperblock(engine.superblock);
  file.truncate(end * PAGE_BYTES);
  if (end < space.pageCount) space.cut(end);
}
