/**
 * Which branches ran, out of what V8 writes for `NODE_V8_COVERAGE`: one file for each process.
 *
 * A branch is a stretch of code that V8 counts apart: a function, an arm of a condition, the right
 * side of `&&`, `||` and `??`, a default, a loop's body, what follows a statement that leaves. V8
 * reports a stretch when it ran more or less often than what is around it, so the branches of a file
 * are those that any process reported. Types are gone when it counts, but every place stays what
 * it is in the source: Node replaces them by spaces.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./repository.ts";

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

/** A stretch of code that ran or did not. */
export interface Branch {
  /** Line of its first character that is no space, from 1. */
  readonly line: number;
  /** That line, without the spaces around it. */
  readonly text: string;
  readonly isCovered: boolean;
}

/** What V8 counts behind the last statement of a block: nothing is there to run. */
const EMPTY = /^[\s{}();,]*$/;

class FileCounts {
  readonly #source: string;
  /** For each character: whether what it belongs to ran in any process. */
  readonly #ran: Uint8Array;
  readonly #starts = new Map<string, readonly [start: number, end: number]>();

  constructor(source: string) {
    this.#source = source;
    this.#ran = new Uint8Array(source.length);
  }

  add(script: Script): void {
    const ran = new Uint8Array(this.#source.length);
    // Outer before inner: what is inside overwrites what is around it.
    const ranges = script.functions.flatMap(({ ranges }) => ranges)
      .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
    for (const { startOffset, endOffset, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      if (endOffset - startOffset < this.#source.length) {
        this.#starts.set(`${startOffset} ${endOffset}`, [startOffset, endOffset]);
      }
    }
    for (const [at, one] of ran.entries()) if (one === 1) this.#ran[at] = 1;
  }

  branches(): Branch[] {
    const branches: Branch[] = [];
    for (const [start, end] of this.#starts.values()) {
      const text = this.#source.slice(start, end);
      if (EMPTY.test(text)) continue;
      const at = start + text.search(/[^\s{}();,]/);
      const line = this.#source.slice(0, at).split("\n").length;
      branches.push({
        line,
        text: (this.#source.split("\n")[line - 1] ?? "").trim(),
        isCovered: this.#ran.subarray(start, end).includes(1),
      });
    }
    return branches.sort((a, b) => a.line - b.line);
  }
}

/**
 * The branches of source files.
 * @param folders where processes wrote what they counted
 * @param files paths from the top folder
 */
export function countBranches(
  folders: readonly string[],
  files: readonly string[],
): Map<string, Branch[]> {
  const counts = new Map(
    files.map((file) => [
      pathToFileURL(join(ROOT, file)).href,
      { file, counts: new FileCounts(readFileSync(join(ROOT, file), "utf8")) },
    ]),
  );
  for (const folder of folders) {
    for (const name of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
      const { result } = JSON.parse(readFileSync(join(folder, name), "utf8")) as {
        readonly result: readonly Script[];
      };
      for (const script of result) counts.get(script.url)?.counts.add(script);
    }
  }
  return new Map([...counts.values()].map(({ file, counts }) => [file, counts.branches()]));
}
