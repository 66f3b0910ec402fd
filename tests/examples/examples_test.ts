import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { withFolder } from "../kernel/checked.ts";
import { listSources, readText, ROOT } from "../tools/repository.ts";
import { reasonToSkip, runExample } from "./run_example.ts";

/** What an example promises to print: its `//>` comments, in order. */
function promised(path: string): string[] {
  return Array.from(readText(path).matchAll(/\/\/> ?(.*)/g), ([, line]) => line!.trimEnd());
}

for (const path of listSources("examples")) {
  test(`${path} prints what it says`, { skip: reasonToSkip(readText(path)) }, async () => {
    await withFolder(async (folder) => {
      const { code, stdout, output } = await runExample(join(ROOT, path), folder);
      assert.equal(code, 0, output);
      assert.deepEqual(stdout.trimEnd().split("\n").map((line) => line.trimEnd()), promised(path));
      assert.ok(promised(path).length > 0);
    });
  });
}
