/**
 * What a stream that is closed leaves behind.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import type { AppendQueue } from "./append_queue.ts";
import type { StreamCore } from "./stream_core.ts";

/**
 * Leaves something that says that all records were durable, so that the next opening or read finds
 * any damage to them: a last batch, or, where there is no room for one, the header of another segment.
 */
export async function sealStream(core: StreamCore, queue: AppendQueue): Promise<void> {
  const { current } = core;
  // Nothing is in it but what its header says.
  if (current === undefined || (current.written.at === 0 && current.isEmpty)) return;
  if (current.isDirty) {
    if (current.pendingBytes > 0 || (!current.isSealed && current.canSeal)) current.write(true);
    const mark = current.written;
    // Durable after this: every record.
    current.blocks.sync();
    current.markSynced(mark);
  }
  if (current.isClaimed) return;
  if (current.canSeal) {
    try {
      current.write(true);
    } catch (error) {
      // Without space for it the log is as good as after a crash, and without a torn tail.
      if (!isHoldfastError(error) || error.code !== "NO_SPACE") throw error;
      current.clearFailed();
    }
    // Durable after this: the claim, or that there is none.
    current.blocks.sync();
    return;
  }
  try {
    await queue.advance();
  } catch (error) {
    // Nor without blocks for a header.
    if (!isHoldfastError(error)) throw error;
  }
}
