/**
 * Loads the contestants of a run. One that cannot be loaded here has no figures, and the run says why.
 *
 * @module
 */

import { UsageError } from "./command_line.ts";

/** A contestant that could be loaded. */
export interface Runner<M> {
  readonly name: string;
  readonly module: M;
}

/** Whoever takes part, and for the others the reason why not. */
export interface Line<M> {
  readonly runners: readonly Runner<M>[];
  readonly absent: Readonly<Record<string, string>>;
}

/** Loads contestants by name, in that order. @throws {UsageError} nobody has that name */
export async function loadRunners<M>(
  loaders: Readonly<Record<string, () => Promise<M>>>,
  names: readonly string[],
): Promise<Line<M>> {
  const runners: Runner<M>[] = [];
  const absent: Record<string, string> = {};
  for (const name of names) {
    const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
    if (load === undefined) throw new UsageError(`unknown contestant "${name}"`);
    try {
      runners.push({ name, module: await load() });
    } catch (error) {
      absent[name] = (error as Error).message.split("\n")[0]!;
    }
  }
  return { runners, absent };
}

/** One line for each that is not here. */
export function absentLines({ absent }: Line<unknown>): string[] {
  return Object.entries(absent).map(([name, reason]) => `not here: ${name} (${reason})`);
}
