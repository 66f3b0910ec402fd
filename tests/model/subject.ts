/**
 * What is compared with a model in random runs.
 *
 * @module
 */

import type fc from "fast-check";

/** Something with a model of its own. */
export interface Subject {
  /** What it is called on the command line, and where runs are counted. */
  readonly name: string;
  /**
   * One run: draws commands, runs them, and throws where library and model differ. `replayPath` is
   * for those whose commands are `fc.commands`: it says which were run.
   */
  // deno-lint-ignore no-explicit-any -- what a run draws is its own affair
  property(replayPath?: string): fc.IAsyncProperty<any>;
}
