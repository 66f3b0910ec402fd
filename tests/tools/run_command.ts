/**
 * Runs a program to its end, within a time.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { ROOT } from "./repository.ts";

/** How to run it. */
export interface RunOptions {
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the output is also shown as it comes. @default false */
  readonly isShown?: boolean;
  /** After this many milliseconds the program is killed. */
  readonly timeoutMs?: number;
  /** The folder it starts in. @default the top folder of the repository */
  readonly cwd?: string;
}

/** How it ended. */
export interface RunResult {
  /** The exit code; undefined when a signal ended it. */
  readonly code: number | undefined;
  /** What it wrote to standard output. */
  readonly stdout: string;
  /** Both outputs, in the order they arrived. */
  readonly output: string;
  /** Whether the time ran out. */
  readonly timedOut: boolean;
  /** How long it took. */
  readonly elapsedMs: number;
}

/** Runs a program without a shell; rejects only when it cannot be started. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { env = {}, timeoutMs = 600_000, cwd = ROOT, isShown = false } = options;
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(program, [...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let output = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
      if (isShown) process.stdout.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (isShown) process.stderr.write(text);
    });
    child.once("error", (error: Error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code: number | null) => {
      clearTimeout(timer);
      const elapsedMs = performance.now() - startedMs;
      resolve({ code: code ?? undefined, stdout, output, timedOut, elapsedMs });
    });
  });
}
