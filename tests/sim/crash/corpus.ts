/** The corpus: cases that showed a defect, or show a bug that could be, replayed for ever. */

import { readdirSync, readFileSync } from "node:fs";
import { type CrashCase, type CrashStep, replayCase } from "./crash_case.ts";
import type { Subject } from "../subject.ts";

/** One file of the corpus. */
export interface CorpusEntry {
  /** What was lost or wrong, and what did it. */
  readonly shows: string;
  readonly case: CrashCase;
}

/** Where the files are. */
export const CORPUS: URL = new URL("../corpus/", import.meta.url);

/** All files by name. */
export function readCorpus(): Map<string, CorpusEntry> {
  const names = readdirSync(CORPUS).filter((name) => name.endsWith(".json")).sort();
  return new Map(
    names.map((name) => [name, JSON.parse(readFileSync(new URL(name, CORPUS), "utf8"))]),
  );
}

/**
 * The case and its neighbours: what it shows may have moved by an operation since it was stored,
 * and the power cuts of its steps may have more or fewer decisions.
 */
export function* aroundCase(entry: CorpusEntry): Generator<CrashCase> {
  const { case: wanted } = entry;
  yield wanted;
  if (wanted.cut === null) return;
  for (const cut of [wanted.cut - 1, wanted.cut + 1]) {
    if (cut >= 0) yield { ...wanted, cut };
  }
  const other = (step: CrashStep): CrashStep =>
    step.kind === "power" ? { ...step, seed: step.seed + 1 } : step;
  yield { ...wanted, steps: wanted.steps.map(other) };
}

/** Replays an entry. @throws what it shows, when it does so again */
export async function replayEntry(
  subjects: readonly Subject[],
  entry: CorpusEntry,
): Promise<number> {
  const subject = subjects.find(({ name }) => name === entry.case.subject);
  if (subject === undefined) throw new Error(`no subject is named "${entry.case.subject}"`);
  let states = 0;
  for (const one of aroundCase(entry)) {
    const { error, details } = await replayCase(subject, one);
    states++;
    if (error === undefined) continue;
    const why = error instanceof Error ? error.stack ?? error.message : String(error);
    throw new Error([entry.shows, JSON.stringify(one), ...details, why].join("\n  "));
  }
  return states;
}
