/**
 * The database file that a command is about.
 *
 * @module
 */

import { IoError } from "../errors.ts";
import { Database } from "../kernel/database.ts";
import { type ParsedFlags, UsageError } from "./flags.ts";
import { platformIo } from "./runtime.ts";

/** The one operand of a command line. Throws `UsageError` when there is none, or more. */
export function fileOperand({ operands }: ParsedFlags): string {
  const [path, superfluous] = operands;
  if (path === undefined || path === "") throw new UsageError("the database file is missing");
  if (superfluous !== undefined) throw new UsageError(`unknown operand ${superfluous}`);
  return path;
}

/** The two operands of a command line. Throws `UsageError` when there are fewer, or more. */
export function twoOperands({ operands }: ParsedFlags): readonly [string, string] {
  const [path, target, superfluous] = operands;
  if (path === undefined || target === undefined) {
    throw new UsageError("the database file or the target is missing");
  }
  if (superfluous !== undefined) throw new UsageError(`unknown operand ${superfluous}`);
  return [path, target];
}

/**
 * Opens a file that exists, for reading: nothing is written to it. Others may read it meanwhile.
 * @throws {IoError} `NOT_FOUND`; nothing is created then, not even the file of the lock
 * @throws {StateError} `LOCKED`
 */
export async function openExisting(path: string): Promise<Database> {
  const io = await platformIo();
  if (await io.stat(path) === undefined) throw missingFile(path);
  return await Database.open(path, { io, readOnly: true });
}

/**
 * Opens a file that exists, to change it.
 * @throws {IoError} `NOT_FOUND`; nothing is created then, not even the file of the lock
 * @throws {StateError} `LOCKED`
 */
export async function openForChange(path: string): Promise<Database> {
  const io = await platformIo();
  if (await io.stat(path) === undefined) throw missingFile(path);
  return await Database.open(path, { io, create: false });
}

/** The error for a file that is not there. */
export function missingFile(path: string): IoError {
  return new IoError("NOT_FOUND", `Cannot open "${path}": there is no such file`, { path });
}
