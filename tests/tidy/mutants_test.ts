/** The planted bugs, without planting them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mutants } from "../sim/mutants/mutant_list.ts";
import { ROOT } from "../tools/repository.ts";

test("mutants: the text that each of them replaces is there, once, and names are given once", () => {
  for (const { name, edits } of mutants) {
    for (const { file, find } of edits) {
      const parts = readFileSync(join(ROOT, file), "utf8").split(find);
      assert.equal(parts.length, 2, `${name}: ${find} in ${file}`);
    }
  }
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});
