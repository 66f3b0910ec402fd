/** Cells of tables that name tests: `file`: `test`, `test`; `file`: `test`. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readText, ROOT } from "../tools/repository.ts";

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

/** What is wrong with the cell of a row. */
export function missingTests(row: string, cell: string): string[] {
  const spans = Array.from(cell.matchAll(/`([^`]+)`/g), ([, text]) => text!);
  if (spans.length === 0) return [`${row}: no test: ${cell}`];
  const wrong: string[] = [];
  let names: Set<string> | undefined;
  let isNamed = true;
  for (const span of spans) {
    if (!/^tests\/\S+\.ts$/.test(span)) {
      isNamed = true;
      if (!names?.has(span)) wrong.push(`${row}: no such test: ${span}`);
      continue;
    }
    if (!isNamed) wrong.push(`${row}: no test named before ${span}`);
    isNamed = false;
    if (existsSync(join(ROOT, span))) names = namesIn(readText(span));
    else wrong.push(`${row}: no such file: ${span}`);
  }
  return isNamed ? wrong : [...wrong, `${row}: no test named at the end`];
}
