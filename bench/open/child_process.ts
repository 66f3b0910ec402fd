/**
 * Runs a script of this folder in a process of its own, on the same runtime.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { endWithRun } from "../interruption.ts";
import { scriptWords } from "../own_runtime.ts";
import type { TaskOptions, TaskResult } from "./tasks.ts";

/** How a child ended, with the figures of its last line. */
interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly result: TaskResult;
}

/** Does a task on a store. @throws when the child fails */
export async function runTask(
  contestant: string,
  task: string,
  options: Partial<TaskOptions>,
): Promise<TaskResult> {
  const { code, signal, result } = await runChild(contestant, task, options, false);
  if (code !== 0) throw new Error(`${task} of ${contestant} failed: ${signal ?? `code ${code}`}`);
  return result;
}

/** Kills a task with SIGKILL as soon as it prints its line. @throws when the child ends by itself */
export async function runKilled(
  contestant: string,
  task: string,
  options: Partial<TaskOptions>,
): Promise<TaskResult> {
  const { code, signal, result } = await runChild(contestant, task, options, true);
  if (signal !== "SIGKILL") throw new Error(`${task} of ${contestant} ended with code ${code}`);
  return result;
}

/** Resident bytes of the runtime alone. */
export async function bareResident(): Promise<number> {
  return (await run("bare.ts", [], false)).result.resident!;
}

function runChild(
  contestant: string,
  task: string,
  options: Partial<TaskOptions>,
  isKilled: boolean,
): Promise<Ended> {
  return run("child.ts", [contestant, task, JSON.stringify(options)], isKilled);
}

function run(script: string, args: readonly string[], isKilled: boolean): Promise<Ended> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, scriptWords(path, ...args), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    endWithRun(child);
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (isKilled && printed.includes("\n")) child.kill("SIGKILL");
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const line = printed.trimEnd().split("\n").at(-1);
      resolve({ code, signal, result: JSON.parse(line || "{}") as TaskResult });
    });
  });
}
