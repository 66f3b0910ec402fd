/**
 * Where the repository is, and which files belong to it.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top folder, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** Where fetched programs and logs go; git ignores it. */
export const CACHE: string = join(ROOT, ".cache");

/** The text of a file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** A JSON file of the repository. */
export function readJson<T>(path: string): T {
  return JSON.parse(readText(path)) as T;
}

/**
 * The files below `start` (a file or a folder; absent means none), sorted, as paths relative to
 * the top folder with forward slashes. Folders that tools made are left out.
 */
export function listFiles(start: string, keep: (path: string) => boolean): string[] {
  if (!existsSync(join(ROOT, start))) return [];
  const found: string[] = [];
  const pending = [start];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    let entries;
    try {
      entries = readdirSync(join(ROOT, next), { withFileTypes: true });
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOTDIR") throw error;
      if (keep(next)) found.push(next);
      continue;
    }
    for (const entry of entries) {
      if (["node_modules", ".git", ".cache", "coverage"].includes(entry.name)) continue;
      const path = next === "." ? entry.name : `${next}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile() && keep(path)) found.push(path);
    }
  }
  return found.sort();
}

/** The TypeScript files below each of `starts`. */
export function listSources(...starts: string[]): string[] {
  return starts.flatMap((start) => listFiles(start, (path) => path.endsWith(".ts")));
}
