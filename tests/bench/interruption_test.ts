/** A run that is interrupted leaves nothing: no process, no data. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fileSystemOf, isMemoryFileSystem } from "../../bench/machine.ts";
import { scriptWords } from "../../bench/own_runtime.ts";

const SCRIPT = fileURLToPath(new URL("../../bench/open/load.ts", import.meta.url));
/** Filled in a process of its own for half a minute. */
const FLAGS = "--contestants holdfast --entries 5000000 --rounds 1 --dir".split(" ");
const DEADLINE_MS = 60_000;

/** Whether any process was started with this text among its arguments. */
function isTold(text: string): boolean {
  return readdirSync("/proc").some((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, "utf8").includes(text);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

/** Looks again and again, as nobody tells when it is so. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + DEADLINE_MS; !holds();) {
    assert.ok(Date.now() < end, "it should be so by now");
    await delay(20);
  }
}

/** Whether a store is being filled there. */
function holdsStore(folder: string): boolean {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.some((name) => basename(name) === "data.hold");
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  test(`withinRun(): ${signal} ends the processes of a run and removes its folder`, async (t) => {
    if (process.platform !== "linux") return t.skip("processes are looked for in /proc");
    const parent = mkdtempSync(join(tmpdir(), "holdfast-interrupted-"));
    t.after(() => rmSync(parent, { recursive: true, force: true }));
    if (isMemoryFileSystem(fileSystemOf(parent))) return t.skip("no disk here");
    const run = spawn(process.execPath, scriptWords(SCRIPT, ...FLAGS, parent), { stdio: "ignore" });
    const exited = once(run, "exit");
    await until(() => holdsStore(parent));
    run.kill(signal);
    const [ended, by] = await exited;
    // Deno tells the code 130 as that signal.
    assert.ok(ended === code || by === signal, `${ended} ${by}`);
    assert.deepEqual(readdirSync(parent), []);
    await until(() => !isTold(parent));
  });
}
