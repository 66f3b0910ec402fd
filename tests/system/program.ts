/**
 * The program of the processes that are killed, starved and lied to. It opens a scene, which reads
 * and compares everything, and goes on changing it until it is stopped.
 *
 * Arguments: scene, folder, and what to do: "write" until standard input ends, "check", or "strain"
 * (write, expecting errors). On standard output, one a line:
 *
 * | line            | meaning                                                             |
 * | --------------- | ------------------------------------------------------------------- |
 * | `opening`       | the store is about to be opened                                     |
 * | `found A,B,...` | it is open and right; the steps of each worker                      |
 * | `ack W N`       | step N of worker W was acknowledged                                 |
 * | `fail W N CODE` | it was refused, with that code; `CODE<CODE`: and that of its cause  |
 * | `probe W N CODE`| it was refused, begun after another failure                         |
 * | `late W N`      | it was acknowledged, begun after another failure                    |
 * | `closed CODE`   | the store was closed; "ok", or the code of the error                |
 * | `refused CODE`  | it could not be opened; the code of the error                       |
 * | `wrong TEXT`    | it holds what it must not hold, or an error has no code             |
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { isHoldfastError } from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";
import { SCENE_NAMES, type SceneName, SCENES } from "./scenes.ts";
import { type Scene, Wrong } from "./scene.ts";

/** A process that nobody stops ends by itself. */
const LIFE_MS = 60_000;

/** Steps that each worker takes under strain, and those that it tries after a failure. */
const STRAIN_STEPS = 12;
const PROBES = 2;

/** The line is in the pipe when this returns, so that no kill can take it back. */
function say(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
    }
  }
}

/** The code of an error that may be met, and those of its causes; any other ends the process. */
function codeOf(error: unknown): string {
  if (!isHoldfastError(error) || error.code === "INVARIANT") throw error;
  return isHoldfastError(error.cause) ? `${error.code}<${codeOf(error.cause)}` : error.code;
}

async function write(scene: Scene): Promise<void> {
  await Promise.all(scene.counts.map(async (count, worker) => {
    for (let number = count + 1;; number++) {
      await scene.step(worker, number);
      say(`ack ${worker} ${number}`);
      await scene.tend?.(worker, number);
    }
  }));
}

/** Some steps of each worker; after the first failure of any, they only probe what is left. */
async function strain(scene: Scene): Promise<void> {
  let hasFailed = false;
  await Promise.all(scene.counts.map(async (count, worker) => {
    let probes = 0;
    for (let number = count + 1; number <= count + STRAIN_STEPS && probes < PROBES;) {
      const isProbe = hasFailed;
      try {
        await scene.step(worker, number);
        say(`${isProbe ? "late" : "ack"} ${worker} ${number}`);
        await scene.tend?.(worker, number);
        number++;
      } catch (error) {
        say(`${isProbe ? "probe" : "fail"} ${worker} ${number} ${codeOf(error)}`);
        hasFailed = true;
      }
      if (hasFailed) probes++;
    }
  }));
}

async function open(name: SceneName, folder: string): Promise<Scene | undefined> {
  say("opening");
  try {
    const scene = await SCENES[name](await runningIo(), folder);
    say(`found ${scene.counts}`);
    return scene;
  } catch (error) {
    say(`refused ${codeOf(error)}`);
    return undefined;
  }
}

async function close(scene: Scene): Promise<void> {
  try {
    await scene.close();
    say("closed ok");
  } catch (error) {
    say(`closed ${codeOf(error)}`);
  }
}

async function main([name, folder, task]: readonly string[]): Promise<void> {
  if (!SCENE_NAMES.includes(name as SceneName) || folder === undefined) {
    throw new TypeError(`The scene is one of ${SCENE_NAMES}, the folder comes next`);
  }
  const scene = await open(name as SceneName, folder);
  if (scene === undefined) return;
  if (task === "write") await write(scene);
  if (task === "strain") await strain(scene);
  await close(scene);
  // What a failure left: once more, by the process that met it.
  if (task !== "strain") return;
  const again = await open(name as SceneName, folder);
  if (again !== undefined) await close(again);
}

setTimeout(() => process.exit(3), LIFE_MS).unref();
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  say(`wrong ${error instanceof Wrong ? "" : "unexpected "}${text.replaceAll("\n", "\\n")}`);
  process.exit(1);
}
