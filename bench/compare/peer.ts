/**
 * The packages that only `bench/compare/package.json` names.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** A contestant that cannot take part on this runtime or machine; its message is the reason. */
export class NotHereError extends Error {}

/**
 * Imports a peer. The specifier is not a literal, so that type checking needs no install; `T`
 * states the part of the package that is used.
 * @throws {NotHereError} when it is not installed or cannot be loaded
 */
export async function importPeer<T>(specifier: string): Promise<T> {
  try {
    return await import(specifier) as T;
  } catch (error) {
    throw new NotHereError("the package cannot be loaded", { cause: error });
  }
}

/** What `make` returns. @throws {NotHereError} with `reason` when it throws */
export function requireThat<T>(make: () => T, reason: string): T {
  try {
    return make();
  } catch (error) {
    throw new NotHereError(reason, { cause: error });
  }
}

/** The version that is installed below `bench/compare/`, not the one that the manifest asks for. */
export function installedVersion(name: string): string {
  const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return version;
}
