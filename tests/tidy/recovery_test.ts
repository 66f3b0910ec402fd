/** The tables of RECOVERY.md: the rows of the code, each with tests that there are. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readText } from "../tools/repository.ts";
import { missingTests } from "./shown_by.ts";

/** What decides about files that are opened. */
const DECIDERS = [
  "src/kernel/open_store.ts",
  "src/block/log_scanner.ts",
  "src/block/file_blocks.ts",
  "src/block/endless/recover_stream.ts",
  "src/journal/journal_file.ts",
] as const;

/** The rows of the first table of a text whose first column is "#", without the markup of a comment. */
function decisionRows(text: string): string[][] {
  const lines = text.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const begin = lines.findIndex((line) => /^\| # +\|/.test(line));
  const rows: string[][] = [];
  for (let i = begin + 2; begin >= 0 && lines[i]?.startsWith("|"); i++) {
    rows.push(lines[i]!.slice(1, lines[i]!.lastIndexOf("|")).split("|").map((cell) => cell.trim()));
  }
  return rows;
}

function sectionOf(heading: RegExp): string {
  const section = readText("RECOVERY.md").split(/\n### /).find((text) =>
    heading.test(text.split("\n")[0]!)
  );
  assert.ok(section !== undefined, `there is no section ${heading}`);
  return section;
}

for (const file of DECIDERS) {
  test(`recovery: the rows of RECOVERY.md are those of the code, each shown by a test: ${file}`, () => {
    const shown = decisionRows(sectionOf(new RegExp(file)));
    assert.ok(shown.length >= 5);
    const [comment = ""] = readText(file).split("*/");
    assert.deepEqual(shown.map((row) => row.slice(0, -1)), decisionRows(comment));
    assert.deepEqual(shown.flatMap((row) => missingTests(`row ${row[0]}`, row.at(-1)!)), []);
  });
}

test("recovery: what is in a database, each row shown by a test", () => {
  const shown = decisionRows(sectionOf(/What is in a database/));
  assert.deepEqual(shown.map(([number]) => number), ["1", "2", "3", "4", "5", "6", "7"]);
  assert.deepEqual(shown.flatMap((row) => missingTests(`row ${row[0]}`, row.at(-1)!)), []);
});
