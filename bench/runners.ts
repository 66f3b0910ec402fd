/**
 * Loads the contestants of a run. One that cannot be loaded here has no figures, and the run says why.
 *
 * @module
 */

import { UsageError } from "./command_line.ts";
import { NotHereError } from "./compare/peer.ts";

/** A contestant that could be loaded. */
export interface Runner<M> {
  readonly name: string;
  readonly module: M;
}

/** Whoever takes part, and a line about each who does not. */
export interface Line<M> {
  readonly runners: readonly Runner<M>[];
  readonly absent: readonly string[];
}

/** Loads contestants by name, in that order. @throws {UsageError} nobody has that name */
export async function loadRunners<M>(
  loaders: Readonly<Record<string, () => Promise<M>>>,
  names: readonly string[],
): Promise<Line<M>> {
  const runners: Runner<M>[] = [];
  const absent: string[] = [];
  for (const name of names) {
    const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
    if (load === undefined) throw new UsageError(`unknown contestant "${name}"`);
    try {
      runners.push({ name, module: await load() });
    } catch (error) {
      if (!(error instanceof NotHereError)) throw error;
      absent.push(`${name}: not here, ${error.message}`);
    }
  }
  return { runners, absent };
}

/** The versions of all that take part, as the report names them. */
export function versionsOf(runners: readonly Runner<{ readonly version: string }>[]): string {
  return runners.map(({ name, module }) => `${name} ${module.version}`).join(", ");
}
