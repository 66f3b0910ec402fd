import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { join } from "node:path";
import process from "node:process";
import { withFolder } from "../kernel/checked.ts";
import { listSources, ROOT } from "../tools/repository.ts";
import { runCommand } from "../tools/run_command.ts";

/** What an example promises to print: its `//>` comments, in order. */
function promised(path: string): string[] {
  const lines = readFileSync(join(ROOT, path), "utf8").matchAll(/\/\/> ?(.*)/g);
  return Array.from(lines, ([, line]) => line!.trimEnd());
}

/** Arguments with which the running runtime runs a file; packages are the installed ones. */
const RUN = "Deno" in globalThis ? ["run", "-A", "--no-check", "--node-modules-dir=manual"] : [];

for (const path of listSources("examples")) {
  test(`${path} prints what it says`, async () => {
    await withFolder(async (folder) => {
      const { code, stdout, output } = await runCommand(
        process.execPath,
        [...RUN, join(ROOT, path)],
        { cwd: folder, timeoutMs: 60_000, env: { NODE_NO_WARNINGS: "1", NO_COLOR: "1" } },
      );
      assert.equal(code, 0, output);
      assert.deepEqual(stdout.trimEnd().split("\n").map((line) => line.trimEnd()), promised(path));
      assert.ok(promised(path).length > 0);
    });
  });
}
