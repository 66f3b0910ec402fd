import assert from "node:assert/strict";
import { test } from "node:test";
import { markdownTable, textTable } from "../../bench/table.ts";

const ROWS = [["row", "unit", ""], ["put", "puts/s", "met"], ["a longer one", "MB", ""]];

test("textTable() aligns columns, rules off the head, and ends lines where the text does", () => {
  assert.deepEqual(textTable(ROWS).split("\n"), [
    "row           unit",
    "------------  ------  ---",
    "put           puts/s  met",
    "a longer one  MB",
  ]);
});

test("markdownTable() has a cell for each column, a rule below the head, and no padding", () => {
  assert.deepEqual(markdownTable(ROWS).split("\n"), [
    "| row | unit |  |",
    "| --- | --- | --- |",
    "| put | puts/s | met |",
    "| a longer one | MB |  |",
  ]);
});
