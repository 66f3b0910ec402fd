/** The tables of ARCHITECTURE.md from items of checklists to the tests that show them. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readText, ROOT } from "../tools/repository.ts";

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

/** The code spans of a cell: files, each followed by names of its tests. */
function spansOf(cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, text]) => text!);
}

/** The names of the tests of a file, as they are written: those of templates with their variables. */
function namesIn(source: string): Set<string> {
  const names = new Set<string>();
  for (
    const [, quoted, template] of source.matchAll(/\btest\(\s*(?:("(?:[^"\\]|\\.)*")|`([^`]*)`)/g)
  ) {
    names.add(quoted === undefined ? template! : JSON.parse(quoted) as string);
  }
  return names;
}

/** What is wrong with a row. */
function objections({ item, shownBy }: Row): string[] {
  const spans = spansOf(shownBy);
  if (spans.length === 0) {
    return ELSEWHERE.test(shownBy) ? [] : [`${item}: no test, and no reason: ${shownBy}`];
  }
  const wrong: string[] = [];
  let names: Set<string> | undefined;
  let isNamed = true;
  for (const span of spans) {
    if (!/^tests\/\S+\.ts$/.test(span)) {
      isNamed = true;
      if (!names?.has(span)) wrong.push(`${item}: no such test: ${span}`);
      continue;
    }
    if (!isNamed) wrong.push(`${item}: no test named before ${span}`);
    isNamed = false;
    if (existsSync(join(ROOT, span))) names = namesIn(readText(span));
    else wrong.push(`${item}: no such file: ${span}`);
  }
  return isNamed ? wrong : [...wrong, `${item}: no test named at the end`];
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
