/**
 * A run that a signal ends (Ctrl-C is one) takes its processes and its folder along: some rows hold
 * gigabytes.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { removeFolder } from "./run_folder.ts";

/** The exit codes that shells expect. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Processes that run now. */
const children = new Set<ChildProcess>();

/** Ends with the run at the latest. */
export function endWithRun(child: ChildProcess): void {
  children.add(child);
  child.once("exit", () => children.delete(child));
}

/** Does `work` in a folder, which is removed whatever ends it. */
export async function withinRun<T>(folder: string, work: () => T | Promise<T>): Promise<T> {
  const clear = (): void => {
    for (const child of children) child.kill("SIGKILL");
    removeFolder(folder);
  };
  const end = (signal: keyof typeof EXIT_CODES): void => {
    clear();
    process.exit(EXIT_CODES[signal]);
  };
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    return await work();
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
    clear();
  }
}
