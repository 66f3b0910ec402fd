/**
 * The version of the library that is measured.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** What `deno.json` says. */
export function ourVersion(): string {
  const manifest = readFileSync(new URL("../deno.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
