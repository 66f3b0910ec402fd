#!/usr/bin/env -S deno run -A
/**
 * The `holdfast` command. Exit codes: 0 done, 1 failed or problems found, 2 wrong command line, 3 not
 * everything could be repaired, 70 the store failed, 130 ended by a signal.
 *
 * @module
 */

import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isHoldfastError } from "../errors.ts";
import { BACKUP } from "./backup.ts";
import { CHECK } from "./check.ts";
import type { Command } from "./command.ts";
import { COMPACT } from "./compact.ts";
import { DUMP } from "./dump.ts";
import { EXPORT } from "./export.ts";
import { UsageError } from "./flags.ts";
import { IMPORT } from "./import.ts";
import { EXIT_INTERRUPTED, Interruption } from "./interruption.ts";
import { REPAIR } from "./repair.ts";
import { SERVE } from "./serve.ts";
import { STATS } from "./stats.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["serve", SERVE],
  ["check", CHECK],
  ["stats", STATS],
  ["dump", DUMP],
  ["backup", BACKUP],
  ["repair", REPAIR],
  ["compact", COMPACT],
  ["export", EXPORT],
  ["import", IMPORT],
]);

const HELP = `holdfast keeps data: one file, one log, one commit.

Usage: holdfast COMMAND [flags]

Commands:
${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`).join("\n")}

Exit codes: 0 done, 1 failed or problems found, 2 wrong command line, 3 not everything could be
repaired, 70 the store failed, 130 ended by a signal.

holdfast COMMAND --help tells more.
`;

/** Runs the command line `words`; gives the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  try {
    if (name === "--help" || name === "-h" || name === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    const command = name === undefined ? undefined : COMMANDS.get(name);
    if (command === undefined) {
      throw new UsageError(name === undefined ? "a command is missing" : `unknown command ${name}`);
    }
    if (rest.includes("--help") || rest.includes("-h")) {
      process.stdout.write(command.help);
      return 0;
    }
    return await command.run(rest);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`holdfast: ${error.message}\nholdfast --help tells more.\n`);
      return 2;
    }
    if (error instanceof Interruption) {
      process.stderr.write(`holdfast: ${error.message}\n`);
      return EXIT_INTERRUPTED;
    }
    if (!isHoldfastError(error)) throw error;
    process.stderr.write(`holdfast: ${error.code}: ${error.message}\n`);
    return 1;
  }
}

/** Node tells which module was started only since 24.2. */
function isStarted(): boolean {
  const { main: started } = import.meta as { main?: boolean };
  if (started !== undefined) return started;
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isStarted()) process.exit(await main(process.argv.slice(2)));
