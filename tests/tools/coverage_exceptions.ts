/**
 * Branches of the core that no test runs, each with the reason. Everything else that does not run is
 * printed by `deno task coverage` without one.
 *
 * @module
 */

/** A branch that need not run. */
export interface CoverageException {
  readonly file: string;
  /** Part of the line it begins in. */
  readonly text: string;
  readonly reason: string;
}

/** All of them. */
export const exceptions: readonly CoverageException[] = [];
