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

/** What a row without tests says. */
const ELSEWHERE = /^(out of scope|issue 5|issue 6)\b/;

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
  return ELSEWHERE.test(shownBy) ? [] : missingTests(item, shownBy);
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
  assert.ok(isFine("issue 6") && isFine("out of scope: a reason"));
  for (
    const wrong of [
      "later",
      `\`${file}\``,
      `\`${name}\``,
      `\`${file}\`: \`no such test\``,
      `\`tests/none_test.ts\`: \`${name}\``,
      `\`${file}\`; \`${file}\`: \`${name}\``,
    ]
  ) assert.ok(!isFine(wrong), wrong);
});
