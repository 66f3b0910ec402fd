/**
 * A program without file descriptors to spare, to be started with a low limit of them. It works on a
 * scene while it has almost none left, and again when it has enough.
 *
 * Arguments: scene, folder. Lines, beside those of `program.ts`: `starved N CODES`, where opening with
 * N descriptors left was refused, or steps were; `fed`, when it has enough again.
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { isHoldfastError } from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";
import { SCENE_NAMES, type SceneName } from "./scenes.ts";
import { Stage } from "./stage.ts";

/** Descriptors that are left at most for an opening that is to be refused. */
const LEFT_MAX = 12;

/** Steps of each worker: enough for the segments of a stream to be full. */
const STEPS = 40;

const hoarded: number[] = [];

/** Takes all descriptors but some. */
function hoard(left: number): void {
  for (;;) {
    try {
      hoarded.push(openSync("/dev/null", "r"));
    } catch (error) {
      if ((error as { code?: string }).code !== "EMFILE") throw error;
      break;
    }
  }
  for (const fd of hoarded.splice(0, left)) closeSync(fd);
}

function feed(): void {
  for (const fd of hoarded.splice(0)) closeSync(fd);
}

async function openWith(stage: Stage, left: number): Promise<boolean> {
  hoard(left);
  try {
    await stage.open();
    return true;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    console.log(`starved ${left} ${error.code}`);
    return false;
  } finally {
    feed();
  }
}

async function main([name, folder]: readonly string[]): Promise<void> {
  if (!SCENE_NAMES.includes(name as SceneName) || folder === undefined) {
    throw new TypeError(`The scene is one of ${SCENE_NAMES}, the folder comes next`);
  }
  const io = await runningIo();
  // Whatever a runtime makes at its first use is made: Deno 2.9 panics when it cannot watch signals.
  process.on("SIGUSR2", () => {});
  const warm = new Stage("journal", io, folder);
  await warm.open();
  await warm.play(1);
  await warm.close();
  const stage = new Stage(name as SceneName, io, folder);
  for (const begun of [false, true]) {
    let left = 0;
    while (!await openWith(stage, left) && left < LEFT_MAX) left++;
    if (begun) break;
    await stage.play(3);
    await stage.close();
  }
  hoard(0);
  const codes = await stage.play(STEPS);
  console.log(`starved 0 ${[...new Set(codes)]}`);
  feed();
  const later = await stage.play(3);
  console.log(`fed ${[...new Set(later)]}`);
  await stage.close();
  await stage.open();
  await stage.close();
  console.log(`whole ${stage.list.acknowledged}`);
}

await main(process.argv.slice(2));
process.exit(0);
