/**
 * `tests/sim/REPORT.md`: what was proved, at which commits, on which machine.
 *
 * @module
 */

import { cpus, release, totalmem, type } from "node:os";
import type { Level } from "./prove_lines.ts";
import { keysOf, type Lane, markdownTable } from "./prove_table.ts";
import { addShares, isSameLine, type Totals } from "./prove_totals.ts";
import { findRuntime, RUNTIME_NAMES } from "./runtimes.ts";

/** The text of the report. */
export async function reportText(
  level: Level,
  lanes: readonly Lane[],
  totals: Totals,
): Promise<string> {
  const rows = lanes.map((lane) => {
    const keys = keysOf(lane);
    const total = totals.lines.find((one) => isSameLine(one, keys)) ??
      addShares(keys, undefined, []);
    return { line: lane.line, goal: lane.line.goals[level], total };
  });
  const runtimes = await Promise.all(RUNTIME_NAMES.map(findRuntime));
  const names = runtimes.map(({ name, version }) => `${name} ${version}`).join(", ");
  const { first, last, commits, lines } = totals;
  const hours = lines.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
  const memory = Math.round(totalmem() / 2 ** 30);
  const command = `deno task prove${level === "quick" ? " --quick" : ""}`;
  return `# What was proved

${
    first === undefined || last === undefined ? "Nothing is remembered." : `\
- Command: \`${command}\`, in ${commits === 1 ? "one commit" : `${commits} commits`}.
- Commits: ${first.commit} (${first.date}) to ${last.commit} (${last.date}).
- Machine at the end: ${cpus().length} cores of ${
      cpus()[0]?.model ?? "unknown"
    }, ${memory} GiB, ${type()} ${release()}.
- Runtimes: ${names}. Work of ${hours.toFixed(1)} hours on one core.`
  }

A state is counted once it was opened, read as a whole, compared with what had been acknowledged,
and checked. "compared": shares of which the other two runtimes ran a fifth, or all of every tenth, with
the same seeds: same operations, same files, same counts. What a share found at an earlier commit was
mended, and the share run again: see the changelog.

${markdownTable(rows)}
`;
}
