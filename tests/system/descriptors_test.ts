import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { withFolder } from "../kernel/checked.ts";
import { runCommand } from "../tools/run_command.ts";
import { Child } from "./child.ts";
import { presentRuntimes } from "./present_runtimes.ts";

/** Runtimes have up to 45 of their own. */
const LIMIT = 80;

async function noLimits(): Promise<string | undefined> {
  if (process.platform !== "linux") return "prlimit is a program of Linux";
  try {
    const { code, output } = await runCommand("prlimit", [`--nofile=${LIMIT}:${LIMIT}`, "true"]);
    return code === 0 ? undefined : `prlimit does not work here: ${output}`;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "there is no prlimit";
    throw error;
  }
}

for (const scene of ["records", "endless", "journal"] as const) {
  test(`no descriptors left: ${scene} says so, keeps what it has, and goes on with more`, async (t) => {
    const reason = await noLimits();
    if (reason !== undefined) return t.skip(reason);
    await withFolder(async (folder) => {
      const lines: string[] = [];
      const [runtime] = presentRuntimes();
      const child = Child.start(runtime!, "tests/system/starve_program.ts", [scene, folder], {
        wrap: ["prlimit", `--nofile=${LIMIT}:${LIMIT}`],
        onLine: (line) => lines.push(line),
      });
      const isOver = await child.within(60_000);
      const story = `${lines.join("\n")}\n${child.errors}`;
      assert.ok(isOver, story);
      assert.equal((await child.ended).code, 0, story);
      const refusals = lines.filter((line) => /^starved \d+ \w/.test(line));
      assert.ok(refusals.length >= 2, story);
      for (const line of refusals) assert.match(line, /^starved \d+ IO_TOO_MANY_FILES$/, story);
      assert.ok(lines.includes("fed "), story);
      assert.match(lines.at(-1)!, /^whole \d+$/);
    });
  });
}
