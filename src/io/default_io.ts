/**
 * Which adapter is used where the caller names none. Set once by the composition root (`mod.ts`),
 * because nothing below it may know the running platform.
 *
 * @module
 */

import type { IoAdapter } from "./adapter.ts";

/** Makes the adapters of a platform. */
export interface IoProvider {
  /** The adapter of the platform's files. */
  files(): Promise<IoAdapter>;
  /** A new, empty adapter in memory. */
  memory(): Promise<IoAdapter>;
}

let provider: IoProvider | undefined;

/** Sets the provider of the program. */
export function provideIo(chosen: IoProvider): void {
  provider = chosen;
}

/**
 * The provider that was set.
 * @throws {TypeError} when there is none: pass `io`.
 */
export function defaultIo(): IoProvider {
  if (provider === undefined) {
    throw new TypeError("No io adapter: pass one as the option io, or import from mod.ts");
  }
  return provider;
}
