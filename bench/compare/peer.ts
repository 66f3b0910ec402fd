/**
 * The packages that only `bench/compare/package.json` names.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/**
 * Imports a peer. The specifier is not a literal, so that type checking needs no install; `T`
 * states the part of the package that is used.
 */
export function importPeer<T>(specifier: string): Promise<T> {
  return import(specifier) as Promise<T>;
}

/** The version that is installed below `bench/compare/`, not the one that the manifest asks for. */
export function installedVersion(name: string): string {
  const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return version;
}
