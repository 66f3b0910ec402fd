/**
 * System calls that move fewer bytes than asked for, on a real file. strace answers them itself: what
 * it says was moved was not, and shows by what is in its place.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { withFolder } from "../kernel/checked.ts";
import { noInjection } from "../system/injection.ts";
import { runCommand } from "../tools/run_command.ts";
import { ROOT } from "../tools/repository.ts";
import { RUNNING } from "./running_io.ts";

const RUN = RUNNING === "deno" ? ["run", "-A", "--no-check"] : [];
const PROGRAM = join(ROOT, "tests/io/short_calls_program.ts");
const skip = (await noInjection()) ?? false;

/** Runs the program on `path`; its calls that `which` names say that they moved `bytes`. */
async function run(path: string, action: string, bytes: number, which: string): Promise<unknown> {
  const call = action === "write" ? "pwrite64" : "pread64";
  const { stdout, output } = await runCommand(
    "strace",
    [
      ...["-f", "-qq", "-o", "/dev/null", "-P", path, "-e", `trace=${call}`],
      ...["-e", `inject=${call}:retval=${bytes}:when=${which}`],
      ...[process.execPath, ...RUN, PROGRAM, path, action],
    ],
    { timeoutMs: 60_000, env: { NODE_NO_WARNINGS: "1" } },
  );
  assert.match(stdout, /^\{/, output);
  return JSON.parse(stdout);
}

test("readAt: goes on after a short read, and one of nothing is IO_FAILED", { skip }, async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    writeFileSync(path, new Uint8Array(1000).fill(7));
    const whole = { count: 1000, size: 1000, first: 100 };
    assert.deepEqual(await run(path, "read", 100, "1"), whole);
    const failed = { code: "IO_FAILED", offset: 0, size: 1000 };
    assert.deepEqual(await run(path, "read", 0, "1+"), failed);
  });
});

test("writeAt: goes on after a short write", { skip }, async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    assert.deepEqual(await run(path, "write", 100, "1"), { count: 1000, size: 1000, first: 0 });
    const bytes = readFileSync(path);
    assert.deepEqual([bytes.length, bytes.indexOf(7), bytes.lastIndexOf(0)], [1000, 100, 99]);
  });
});

const denoWaits = RUNNING === "deno" && "Deno's node:fs tries such a write again for ever";

test("writeAt: a write of nothing is IO_FAILED", { skip: skip || denoWaits }, async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    const failed = { code: "IO_FAILED", offset: 0, size: 0 };
    assert.deepEqual(await run(path, "write", 0, "1+"), failed);
    assert.equal(readFileSync(path).length, 0);
  });
});
