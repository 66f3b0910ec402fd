/** What a crash campaign found: counts by subject and by structure, and violations. */

import type { CrashCase } from "./crash_case.ts";
import type { Structure } from "../subject.ts";

/** A state that must not be. */
export interface Violation {
  readonly message: string;
  readonly round: number;
  /** The way to it. */
  readonly case: CrashCase;
  /** For people: the outcomes of each power cut, and all operations. */
  readonly details: readonly string[];
}

/** Counts of one subject over all rounds. */
export interface SubjectRow {
  readonly subject: string;
  readonly structure: Structure;
  /** Operations of the whole course. */
  operations: number;
  /** Of these, how many the power was cut at. */
  cuts: number;
  /** States judged, the following two among them. */
  states: number;
  /** After a power cut within the recovery of another state. */
  recovery: number;
  /** After a death of a store that had been recovered and gone on with. */
  second: number;
  violations: number;
}

/** What a campaign found. */
export interface CampaignReport {
  readonly states: number;
  readonly rows: readonly SubjectRow[];
  readonly violations: readonly Violation[];
  /** Of traces, files and recovered contents at each tenth cut: equal on every runtime. */
  readonly digest: string;
}

/** A digest of texts and bytes in their order. */
export class RunningDigest {
  #low = 0x811c9dc5 | 0;
  #high = 0x01000193;

  text(text: string): void {
    for (let at = 0; at < text.length; at++) this.#add(text.charCodeAt(at));
    this.#add(0x10000);
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.#add(byte);
    this.#add(0x10000);
  }

  get value(): string {
    return [this.#low, this.#high].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join(
      "",
    );
  }

  #add(item: number): void {
    this.#low = Math.imul(this.#low ^ item, 0x01000193);
    this.#high = Math.imul(this.#high + item, 0x85ebca6b) ^ (this.#high >>> 15);
  }
}

const COLUMNS = ["operations", "cuts", "states", "second", "recovery", "violations"] as const;

/** The rows as a table. */
export function campaignTable(rows: readonly SubjectRow[]): string {
  const head = "workload".padEnd(26) + COLUMNS.map((name) => name.padStart(11)).join("");
  return [
    head,
    ...rows.map((row) =>
      row.subject.padEnd(26) + COLUMNS.map((name) => String(row[name]).padStart(11)).join("")
    ),
  ].join("\n");
}

/** The line that `deno task prove` reads. `names`: subjects of which each operation was cut. */
export function campaignLine({ rows, digest }: CampaignReport): string {
  const structures = [
    ...new Set(rows.filter(({ states }) => states > 0).map(({ structure }) => structure)),
  ];
  const sum = (structure: Structure, column: typeof COLUMNS[number]): number =>
    rows.reduce((all, row) => all + (row.structure === structure ? row[column] : 0), 0);
  return JSON.stringify({
    rows: structures.map((structure) => ({
      structure,
      done: sum(structure, "states"),
      violations: sum(structure, "violations"),
      names: rows.filter((row) => row.structure === structure && row.cuts > row.operations).map(
        ({ subject }) => subject,
      ),
      more: {
        "second generation": sum(structure, "second"),
        "in recovery": sum(structure, "recovery"),
        "operations cut": sum(structure, "cuts"),
      },
    })),
    same: digest,
  });
}

/** One violation as text, with the command that shows it again. */
export function describeViolation(violation: Violation, seed: number): string {
  const { message, details, round } = violation;
  const { subject, cut } = violation.case;
  return [
    `VIOLATION in "${subject}", ${cut === null ? "not cut" : `cut ${cut}`}: ${message}`,
    `again: tests/sim/main.ts --seed ${seed} --workload "${subject}" --round ${round} --cut ${
      cut ?? Infinity
    }`,
    `case: ${JSON.stringify(violation.case)}`,
    ...details.map((line) => `  ${line}`),
  ].join("\n");
}
