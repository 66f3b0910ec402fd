/**
 * The servers that a run may compare: how each is started, and why one is not here.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { installedVersion } from "../compare/peer.ts";
import { OURS } from "../report.ts";
import { rustServerAbsence, rustServerCommand } from "./rust_server.ts";

/** The runtimes that our server is measured on. */
export const SERVER_RUNTIMES = ["node", "bun", "deno"] as const;

/** One of them. */
export type ServerRuntime = typeof SERVER_RUNTIMES[number];

/** A server of the run. Its process says where it listens when it is ready. */
export interface ServerKind {
  /** Tells it from all others; the flag `--contestants` takes it. */
  readonly name: string;
  /** Its column in the report. */
  readonly column: string;
  /** What its rows are marked with when the column has several servers. */
  readonly mark: string;
  /** Whether what it acknowledged survives a power cut. */
  readonly isDurable: boolean;
  /** Why it cannot run here, or `undefined`. */
  absence(): string | undefined;
  /** The program and its arguments for a data folder that may hold data of an earlier start. */
  command(folder: string): readonly string[] | Promise<readonly string[]>;
  /** The same with the loop probe, for those that take it (see `loop_probe.ts`). */
  probedCommand?(folder: string): readonly string[];
}

/** The official server on files, which targets are against, and no other peer. */
export const OFFICIAL = "official";
/** The official server that keeps all in memory: the rows of writers have a target against it. */
export const OFFICIAL_IN_MEMORY = "official-memory";

const OFFICIAL_PACKAGE = "@durable-streams/server";
const COMMAND_LINE = pathOf("../../src/cli/main.ts");
const OFFICIAL_SCRIPT = pathOf("../compare/official_server.ts");
const PROBE = pathOf("./loop_probe.ts");

/** What comes before the script on each runtime, and the flag that loads a module before it. */
const RUN_WORDS: Readonly<Record<ServerRuntime, readonly [readonly string[], string]>> = {
  node: [[], "--import"],
  bun: [["run"], "--preload"],
  deno: [["run", "-A", "--no-npm", "--no-check", "--quiet"], "--preload"],
};

/** Our server on one runtime. */
function holdfast(runtime: ServerRuntime): ServerKind {
  const program = runtimeProgram(runtime);
  const [words, preload] = RUN_WORDS[runtime];
  const serve = (folder: string, probe: readonly string[]): readonly string[] => [
    ...[program, ...words, ...probe, COMMAND_LINE],
    ...["serve", "--data", `${folder}/streams.hold`, "--port", "0"],
  ];
  return {
    name: runtime === "node" ? OURS : `${OURS}-${runtime}`,
    column: OURS,
    mark: runtime === "node" ? "" : ` (${runtime === "bun" ? "Bun" : "Deno"})`,
    isDurable: true,
    absence: () => {
      const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
      return error === undefined ? undefined : `${program} does not start`;
    },
    command: (folder) => serve(folder, []),
    probedCommand: (folder) => serve(folder, [preload, PROBE]),
  };
}

/** The official Node server, on files or in memory. */
function official(store: "files" | "memory"): ServerKind {
  const name = store === "files" ? OFFICIAL : OFFICIAL_IN_MEMORY;
  return {
    name,
    column: name,
    mark: "",
    isDurable: store === "files",
    absence: () => officialVersion() === undefined ? `${OFFICIAL_PACKAGE} is missing` : undefined,
    command: (
      folder,
    ) => [process.execPath, OFFICIAL_SCRIPT, store === "files" ? folder : "--memory"],
  };
}

/** The server of the Rust crate, whose appends are durable, but not all else (see `rust_server.ts`). */
export const RUST: ServerKind = {
  name: "rust",
  column: "rust",
  mark: "",
  isDurable: true,
  absence: rustServerAbsence,
  command: rustServerCommand,
};

/** All servers: ours on the runtimes asked for, then the others. */
export function serverKinds(runtimes: readonly ServerRuntime[]): ServerKind[] {
  return [...runtimes.map(holdfast), official("files"), official("memory"), RUST];
}

/** The installed version of the official server. */
export function officialVersion(): string | undefined {
  try {
    return installedVersion(OFFICIAL_PACKAGE);
  } catch {
    return undefined;
  }
}

/** The client runs on Node, so that is the Node of the servers; others are named or in the path. */
function runtimeProgram(runtime: ServerRuntime): string {
  if (runtime === "node") return process.execPath;
  return process.env[`${runtime.toUpperCase()}_BIN`] ?? runtime;
}

function pathOf(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url));
}
