/** The programs of README.md, as they stand there. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withFolder } from "../kernel/checked.ts";
import { CACHE, readText } from "../tools/repository.ts";
import { reasonToSkip, runExample } from "./run_example.ts";

/** What they print: the first is the example of the public plan. */
const PRINTED: readonly RegExp[] = [/^Oslo ann\n$/, /^ann \{\s*city: ["']Oslo["'],?\s*\}\n$/];

const programs = Array.from(
  readText("README.md").matchAll(/^```ts\n(import .*?)^```$/gms),
  ([, program]) => program!,
);

for (const [i, printed] of PRINTED.entries()) {
  const program = programs[i]!;
  test(`README.md: program ${i} prints what it says`, { skip: reasonToSkip(program) }, async () => {
    mkdirSync(CACHE, { recursive: true });
    // In the repository, so that the package finds itself.
    const folder = mkdtempSync(join(CACHE, "readme-"));
    try {
      const file = join(folder, "program.ts");
      writeFileSync(file, program);
      await withFolder(async (cwd) => {
        const { code, stdout, output } = await runExample(file, cwd);
        assert.equal(code, 0, output);
        assert.match(stdout, printed);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("README.md: every program is run", () => {
  assert.equal(programs.length, PRINTED.length);
});
