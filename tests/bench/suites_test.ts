import assert from "node:assert/strict";
import { test } from "node:test";
import { SUITES } from "../../bench/suites.ts";
import { listSources, readText } from "../tools/repository.ts";

/** The flags of a list of words. */
function flagsOf(words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith("--"));
}

test("suites: each has a name and a script of its own, which is there", () => {
  for (const part of ["name", "script"] as const) {
    assert.equal(new Set(SUITES.map((suite) => suite[part])).size, SUITES.length);
  }
  const scripts = listSources("bench");
  assert.deepEqual(SUITES.filter(({ script }) => !scripts.includes(script)), []);
});

test("suites: the usage of each script, or of its settings, has the flags that it is run with", () => {
  for (const { script, full, quick, runtimesFlag } of SUITES) {
    const folder = script.slice(0, script.lastIndexOf("/"));
    const text = listSources(folder).map(readText).join("\n");
    const flags = [
      ...flagsOf([...full, ...quick]),
      ...runtimesFlag === undefined ? [] : [runtimesFlag],
    ];
    for (const flag of flags) {
      assert.match(text, new RegExp(`^ +${flag}\\b`, "m"), `${script} ${flag}`);
    }
  }
});

test("suites: no word of a flag is empty, and each flag is given once", () => {
  for (const { script, full, quick } of SUITES) {
    for (const words of [full, quick]) {
      assert.ok(words.every((word) => word.trim() === word && word !== ""), script);
      assert.equal(new Set(flagsOf(words)).size, flagsOf(words).length, script);
    }
  }
});

test("suites: one that runs on Node alone can be told the runtimes", () => {
  for (const { name, isOnAll, runtimesFlag } of SUITES) {
    assert.equal(runtimesFlag === undefined, isOnAll, name);
  }
});
