/**
 * The check of an open database: its file, and the records of structures against their indexes.
 *
 * @module
 */

import { type CheckOptions, type CheckReport, StoreCheck } from "./check.ts";
import type { Checkpointer } from "../commit/checkpoint.ts";
import type { CommitPipeline } from "../commit/commit_pipeline.ts";
import type { Engine } from "../engine.ts";
import type { StructureReaders } from "../catalog/structure_readers.ts";

/**
 * Waits for commits under way, then checks without pauses.
 * @throws {StateError} `POISONED`: what was being written is neither in memory nor on the medium
 */
export async function checkDatabase(
  engine: Engine,
  pipeline: CommitPipeline,
  checkpointer: Checkpointer,
  readers: StructureReaders,
  options: CheckOptions,
): Promise<CheckReport> {
  await pipeline.settle("memory", undefined);
  while (checkpointer.running !== undefined) await checkpointer.running;
  if (engine.health.poisoned) throw engine.health.error();
  // One turn, no pauses: page ownership is only meaningful while nothing moves.
  const { working } = engine.states;
  const steps = new StoreCheck(engine, working, options).run();
  for (;;) {
    const step = steps.next();
    if (!step.done) continue;
    const found = (options.structures ?? []).flatMap((each) => readers.verify(each, working));
    if (found.length === 0) return step.value;
    return { ...step.value, ok: false, problems: [...step.value.problems, ...found] };
  }
}
