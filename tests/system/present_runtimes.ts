/**
 * The runtimes that a test may start: the one that runs it, and those that the variables name.
 *
 * @module
 */

import process from "node:process";
import { RUNNING } from "../io/running_io.ts";
import { type Runtime, RUNTIME_NAMES, type RuntimeName, variableOf } from "../tools/runtimes.ts";

/** A runtime, or `undefined` when nothing says where it is. */
export function presentRuntime(name: RuntimeName): Runtime | undefined {
  const path = name === RUNNING ? process.execPath : process.env[variableOf(name)];
  return path === undefined ? undefined : { name, path, version: "" };
}

/** The one that runs this test first, then the others. */
export function presentRuntimes(): Runtime[] {
  const others = RUNTIME_NAMES.filter((name) => name !== RUNNING);
  return [RUNNING, ...others].flatMap((name) => presentRuntime(name) ?? []);
}
