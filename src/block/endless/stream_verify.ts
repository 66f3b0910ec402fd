/**
 * Checks every durable byte of an endless stream.
 *
 * @module
 */

import { type Inconsistency, SegmentCheck } from "../stream/inconsistency.ts";
import type { StreamCore } from "./stream_core.ts";

/** Batches that are checked between two turns of the event loop. */
const STEP = 64;

/** How to verify. */
export interface VerifyStreamOptions {
  /** Ends it: it rejects with the reason. */
  readonly signal?: AbortSignal;
  /** Called after each step with bytes checked and bytes in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was found. */
export interface VerifyStreamReport {
  /** Nothing was. */
  readonly ok: boolean;
  /** All of it, segment after segment. */
  readonly problems: readonly Inconsistency[];
}

/**
 * Walks over all segments that there are when it begins. They are not released under it; appends,
 * reads and trims go on.
 */
export async function verifyStream(
  core: StreamCore,
  { signal, onProgress }: VerifyStreamOptions = {},
): Promise<VerifyStreamReport> {
  signal?.throwIfAborted();
  core.checkOpen();
  const problems: Inconsistency[] = [];
  const runs = [...core.runs];
  const total = runs.reduce((sum, { segment }) => sum + (segment?.synced.at ?? 0), 0);
  let before = 0;
  for (const { segment } of runs) if (segment !== undefined) segment.readers++;
  try {
    for (const [index, { blocks, segment }] of runs.entries()) {
      if (segment === undefined) {
        problems.push({ kind: "segment-header", segment: index + 1, offset: 0, blocks: blocks.id });
        continue;
      }
      const check = new SegmentCheck(segment, (found) => problems.push(found));
      check.header();
      for (let more = true; more;) {
        more = check.batches(STEP);
        onProgress?.(before + check.at, total);
        await new Promise<void>((resolve) => core.host.io.nextTurn(resolve));
        signal?.throwIfAborted();
        core.checkOpen();
      }
      // What is behind a given-up end was never said to be there.
      if (segment === core.current && !segment.ended) check.rest();
      before += segment.synced.at;
    }
  } finally {
    for (const { segment } of runs) if (segment !== undefined) segment.readers--;
  }
  return { ok: problems.length === 0, problems };
}
