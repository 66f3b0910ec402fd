/**
 * Reads the counts out of the closing lines of the three test runners.
 *
 * @module
 */

import type { RuntimeName } from "./runtimes.ts";

/** How many tests ended in which way. */
export interface TestCounts {
  /** Tests that passed. */
  readonly passed: number;
  /** Tests that failed. */
  readonly failed: number;
  /** Tests that were left out, each with a reason of its own. */
  readonly skipped: number;
}

// Node marks its closing lines with an information sign, Bun ends with one line a count, and
// Deno has one line for all of them.
const PATTERNS: Readonly<Record<RuntimeName, Readonly<Record<keyof TestCounts, RegExp>>>> = {
  deno: {
    passed: /^(?:ok|FAILED) \| (\d+) passed/gm,
    failed: /^(?:ok|FAILED) \| .*\| (\d+) failed/gm,
    skipped: /^(?:ok|FAILED) \| .*\| (\d+) ignored/gm,
  },
  bun: {
    passed: /^ *(\d+) pass$/gm,
    failed: /^ *(\d+) fail$/gm,
    skipped: /^ *(\d+) skip$/gm,
  },
  node: {
    passed: /^[#\u2139] pass (\d+)$/gm,
    failed: /^[#\u2139] fail (\d+)$/gm,
    skipped: /^[#\u2139] skipped (\d+)$/gm,
  },
};

function lastNumber(output: string, pattern: RegExp): number | undefined {
  const last = [...output.matchAll(pattern)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}

/** The counts of a test run, or undefined when the runner did not reach its closing lines. */
export function testCounts(name: RuntimeName, output: string): TestCounts | undefined {
  const patterns = PATTERNS[name];
  const passed = lastNumber(output, patterns.passed);
  const failed = lastNumber(output, patterns.failed);
  if (passed === undefined || failed === undefined) return undefined;
  return { passed, failed, skipped: lastNumber(output, patterns.skipped) ?? 0 };
}
