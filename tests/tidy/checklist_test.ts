/** The tables of ARCHITECTURE.md from items of checklists to the tests that show them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readText } from "../tools/repository.ts";
import { missingTests } from "./shown_by.ts";

/** The heading of each table, with the names of its items: how many of each beginning. */
const TABLES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "## The checklist of transactions": { "": 62 },
  "## The checklist of blocks, write-once structures and vectors": {
    "1g.": 19,
    "2g.": 16,
    "3g.": 11,
  },
};

/** What a row without tests says: that there is nothing, or which rows of `bench/RESULTS.md` show it. */
const OUT_OF_SCOPE = /^out of scope\b/;
const MEASURED = /^measured: (`[^`]+`(?:, `[^`]+`)*)$/;

interface Row {
  readonly item: string;
  readonly shownBy: string;
}

function rowsOf(text: string): Row[] {
  const rows = text.matchAll(/^\| *((?:\dg\.)?\d+) *\|.*\| *(\S.*?) *\|$/gm);
  return Array.from(rows, ([, item, shownBy]) => ({ item: item!, shownBy: shownBy! }));
}

/** What is wrong with a row. */
function objections({ item, shownBy }: Row): string[] {
  if (OUT_OF_SCOPE.test(shownBy)) return [];
  const [, measured] = MEASURED.exec(shownBy) ?? [];
  if (measured === undefined) return missingTests(item, shownBy);
  const results = readText("bench/RESULTS.md");
  return Array.from(measured.matchAll(/`([^`]+)`/g), ([, name]) => name!)
    .filter((name) => !results.includes(`\n| ${name} `))
    .map((name) => `${item}: no row of bench/RESULTS.md: ${name}`);
}

for (const [heading, items] of Object.entries(TABLES)) {
  test(`checklist: every item has one row, and its tests exist: ${heading}`, () => {
    const [, section = ""] = readText("ARCHITECTURE.md").split(heading);
    const rows = rowsOf(section.split("\n## ")[0]!);
    const names = Object.entries(items).flatMap(([begin, count]) =>
      Array.from({ length: count }, (_, n) => `${begin}${n + 1}`)
    );
    assert.deepEqual(rows.map(({ item }) => item), names);
    assert.deepEqual(rows.flatMap(objections), []);
  });
}

test("checklist: the rules object to what is missing", () => {
  const file = "tests/tidy/checklist_test.ts";
  const name = "checklist: the rules object to what is missing";
  const [row] = rowsOf(`| 7 | words | \`${file}\`: \`${name}\` |`);
  assert.deepEqual(row, { item: "7", shownBy: `\`${file}\`: \`${name}\`` });
  const isFine = (shownBy: string): boolean => objections({ item: "7", shownBy }).length === 0;
  assert.ok(isFine(row.shownBy));
  assert.ok(isFine("out of scope: a reason"));
  assert.ok(isFine("measured: `durable put, 1 caller`, `durable put, 64 callers`"));
  for (
    const wrong of [
      "later",
      "measured",
      "measured: `durable put, 1 caller`, `no such row`",
      `\`${file}\``,
      `\`${name}\``,
      `\`${file}\`: \`no such test\``,
      `\`tests/none_test.ts\`: \`${name}\``,
      `\`${file}\`; \`${file}\`: \`${name}\``,
    ]
  ) assert.ok(!isFine(wrong), wrong);
});
