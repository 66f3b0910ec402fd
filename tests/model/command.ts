/**
 * What a command is made of.
 *
 * @module
 */

import type fc from "fast-check";
import type { RealStore } from "./real_store.ts";
import type { StoreModel } from "./store_model.ts";

/** One step of a run. */
export type Command = fc.AsyncCommand<StoreModel, RealStore>;

/** Makes commands of what they are called, when they can be run, and what they do. */
export function command(
  text: string,
  check: (model: Readonly<StoreModel>) => boolean,
  run: (model: StoreModel, real: RealStore) => Promise<void> | void,
): Command {
  return {
    check,
    run: async (model, real) => {
      real.throwFailure();
      await run(model, real);
      real.throwFailure();
    },
    // One line each where a failure names them.
    toString: () => `\n  ${text}`,
  };
}

/** A command that can always be run. */
export const ALWAYS = (): boolean => true;

/** The one of some that a drawn number means. */
export function pick<T>(from: readonly T[], drawn: number): T {
  return from[drawn % from.length]!;
}

/** Arguments as a text. */
export function shortly(...args: readonly unknown[]): string {
  return args.map((arg) => JSON.stringify(arg)).join(", ");
}
