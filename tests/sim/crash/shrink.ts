/**
 * Makes a case of the crash campaign short: which few decisions of its power cuts matter. Needs the
 * folder of packages:
 *
 *     deno run -A --node-modules-dir=manual tests/sim/crash/shrink.ts CASE [--store NAME --shows TEXT]
 *
 * `CASE` is what a violation prints behind "case:", or the name of a file with it. With `--store` it
 * becomes a file of the corpus, whether it still shows anything or not.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { CORPUS, type CorpusEntry } from "./corpus.ts";
import { type CrashCase, type CrashStep, LETTERS, replayCase } from "./crash_case.ts";
import type { Subject } from "../subject.ts";
import { subjects } from "../subjects.ts";

/** The decisions of each step that are taken otherwise than most. */
type Exceptions = readonly (readonly number[])[];

/** The letter that a step has most often, among "kept" and "dropped". */
function baseOf(outcomes: string): string {
  const kept = [...outcomes].filter((letter) => letter === "k").length;
  const dropped = [...outcomes].filter((letter) => letter === "d").length;
  return kept > dropped ? "k" : "d";
}

function exceptionsOf(step: CrashStep): number[] {
  if (step.kind !== "power") return [];
  const base = baseOf(step.outcomes);
  return [...step.outcomes].flatMap((letter, at) => letter === base ? [] : [at]);
}

/** The case with these exceptions only. */
function withExceptions(wanted: CrashCase, exceptions: Exceptions): CrashCase {
  const steps = wanted.steps.map((step, number): CrashStep => {
    if (step.kind !== "power") return step;
    const base = baseOf(step.outcomes);
    const kept = new Set(exceptions[number]);
    const letters = [...step.outcomes].map((letter, at) => kept.has(at) ? letter : base);
    return { ...step, outcomes: letters.join("") };
  });
  return { ...wanted, steps };
}

/** The shortest list of exceptions that still shows a violation; the case as it is without one. */
export async function shrinkCase(subject: Subject, wanted: CrashCase): Promise<CrashCase> {
  const all = wanted.steps.map(exceptionsOf);
  const property = fc.asyncProperty(
    fc.tuple(...all.map((indexes) => fc.subarray(indexes))),
    async (exceptions: Exceptions) =>
      (await replayCase(subject, withExceptions(wanted, exceptions))).error === undefined,
  );
  const found = await fc.check(property, { numRuns: 1, examples: [[all.map((one) => [...one])]] });
  const shortest = found.counterexample?.[0];
  return shortest === undefined ? wanted : withExceptions(wanted, shortest);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { store: { type: "string" }, shows: { type: "string", default: "" } },
  });
  const given = positionals[0] ?? "";
  const text = existsSync(given) ? readFileSync(given, "utf8") : given;
  const read = JSON.parse(text.replace(/^case: /, "")) as CrashCase | CorpusEntry;
  const wanted = "case" in read ? read.case : read;
  const subject = subjects.find(({ name }) => name === wanted.subject);
  if (subject === undefined) throw new RangeError(`no subject is named "${wanted.subject}"`);
  const shortest = await shrinkCase(subject, wanted);
  const { error, details } = await replayCase(subject, shortest);
  const letters = Object.entries(LETTERS).map(([letter, outcome]) => `${letter} ${outcome}`);
  console.log(`${error ?? "shows nothing"}\n${details.join("\n")}\n${letters.join(", ")}`);
  console.log(`case: ${JSON.stringify(shortest)}`);
  if (values.store === undefined) return;
  mkdirSync(CORPUS, { recursive: true });
  const entry: CorpusEntry = { shows: values.shows, case: shortest };
  writeFileSync(
    new URL(`${values.store}.json`, CORPUS),
    `${JSON.stringify(entry, undefined, 2)}\n`,
  );
}

if (import.meta.main) await main();
