/**
 * Builds the Rust programs of the benchmarks where `cargo` is there; its progress goes to standard
 * error. What it makes lies in `.cache/rust`, which git ignores.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NotHereError } from "./peer.ts";

const PROJECT = pathOf("./rust/");
const TARGET = pathOf("../../.cache/rust/");

/** The crate whose server program stands beside ours, with the version that is compared. */
export const STREAMS_SERVER = { crate: "durable-streams-server", version: "0.3.0" } as const;

/**
 * Builds `bench/compare/rust`, a second or less when nothing has changed.
 * @returns the path of the program
 * @throws {NotHereError} when there is no cargo, or the build fails
 */
export function buildRustPeer(): string {
  runCargo(["build", "--release", "--locked", "--target-dir", TARGET]);
  return `${TARGET}release/rust-peer`;
}

/**
 * Installs the server program of {@link STREAMS_SERVER}, once.
 * @returns the path of the program
 * @throws {NotHereError} when there is no cargo, or the build fails
 */
export function installStreamsServer(): string {
  const { crate, version } = STREAMS_SERVER;
  const root = `${TARGET}${crate}-${version}`;
  const program = `${root}/bin/${crate}`;
  if (!existsSync(program)) {
    const place = ["--root", root, "--target-dir", TARGET];
    runCargo([
      "install",
      crate,
      "--version",
      `=${version}`,
      "--locked",
      ...place,
    ]);
  }
  return program;
}

/** The version of a crate that `bench/compare/rust` uses. */
export function lockedVersion(crate: string): string {
  const lock = readFileSync(`${PROJECT}Cargo.lock`, "utf8");
  return new RegExp(`^name = "${crate}"\nversion = "(.+)"$`, "m").exec(
    lock,
  )![1]!;
}

function runCargo(args: readonly string[]): void {
  const { error, status } = spawnSync("cargo", args, {
    cwd: PROJECT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (error !== undefined) {
    throw new NotHereError("cargo does not start", { cause: error });
  }
  if (status !== 0) throw new NotHereError(`cargo ${args[0]} failed`);
}

function pathOf(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url));
}
