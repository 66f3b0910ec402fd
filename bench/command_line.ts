/**
 * What all commands share: numbers from flags, the command as the report names it, and what a wrong
 * flag leads to.
 *
 * @module
 */

import { basename, relative } from "node:path";
import process from "node:process";

/** A wrong flag; the command prints the message and its usage and exits with 2. */
export class UsageError extends Error {}

/** A flag's value as a positive integer (`1e6` and `1_000_000` are understood). */
export function positiveInteger(flag: string, text: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`--${flag} needs a positive integer, not "${text}"`);
  }
  return value;
}

/** The running command without the machine's own paths. */
export function commandText(): string {
  const [runtime, script, ...rest] = process.argv;
  const flags = process.execArgv.filter((flag) => flag.startsWith("-"));
  return [basename(runtime!), ...flags, relative(process.cwd(), script!), ...rest].join(" ");
}

/** Runs a command's `main`. A wrong flag is told with the usage, and the exit code is 2. */
export async function runCommand(usage: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!isUsageMistake(error)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  }
}

function isUsageMistake(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  const code = (error as { code?: unknown }).code;
  return error instanceof Error && typeof code === "string" && code.startsWith("ERR_PARSE_ARGS_");
}
