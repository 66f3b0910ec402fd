/**
 * Packages from the npm registry, by the registry's ordinary client, without install scripts.
 *
 * @module
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "./repository.ts";
import { runCommand } from "./run_command.ts";

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

async function npm(args: readonly string[], cwd: string): Promise<void> {
  const result = await runCommand("npm", [...args, ...QUIET], { cwd });
  if (result.code !== 0) throw new Error(`npm ${args.join(" ")} failed:\n${result.output}`);
}

/**
 * A folder of the cache whose `node_modules` holds `packages` (each `name@version`), made at the
 * first call. Two processes may ask at once: the folder appears whole or not at all.
 */
export async function npmFolder(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const building = mkdtempSync(join(CACHE, ".building-"));
  try {
    writeFileSync(join(building, "package.json"), '{ "private": true }\n');
    await npm(["install", "--no-package-lock", ...packages], building);
    renameSync(building, folder);
  } catch (error) {
    rmSync(building, { recursive: true, force: true });
    // Another process was first, and its folder is as good as ours.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/**
 * Installs the dependencies of a folder with a `package.json`, by its lock file where there is
 * one, unless its `node_modules` is newer than both.
 */
export async function installDependencies(folder: string = ROOT): Promise<void> {
  const made = join(folder, "node_modules", ".package-lock.json");
  const locked = join(folder, "package-lock.json");
  const wanted = [join(folder, "package.json"), locked].filter((path) => existsSync(path));
  if (existsSync(made)) {
    const madeMs = statSync(made).mtimeMs;
    if (wanted.every((path) => statSync(path).mtimeMs <= madeMs)) return;
  }
  console.log("installing the development dependencies");
  await npm(existsSync(locked) ? ["ci"] : ["install", "--no-package-lock"], folder);
}

if (import.meta.main) await installDependencies();
