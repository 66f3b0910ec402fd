import assert from "node:assert/strict";
import { test } from "node:test";
import { CODES } from "../../src/errors.ts";
import { listSources, readText } from "../tools/repository.ts";

/** The codes that none of `texts` quotes. */
function unquoted(texts: readonly string[]): string[] {
  const all = texts.join("\n");
  return Object.keys(CODES).filter((code) => !new RegExp(`["'\`]${code}["'\`]`).test(all));
}

test("CODES: the library throws every code", () => {
  const files = listSources("mod.ts", "src", "adapters").filter((path) => path !== "src/errors.ts");
  // Below its table the file of the errors throws one code itself.
  const below = readText("src/errors.ts").split("} as const;")[1] ?? "";
  assert.deepEqual(unquoted([below, ...files.map(readText)]), []);
});

test("CODES: a test names every code", () => {
  const files = listSources("tests").filter((path) => path.endsWith("_test.ts"));
  assert.deepEqual(
    unquoted(files.filter((path) => !path.startsWith("tests/tidy/")).map(readText)),
    [],
  );
});
