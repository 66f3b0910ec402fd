/**
 * What commands print: text for people, JSON for programs, progress on a terminal.
 *
 * @module
 */

import process from "node:process";

/** How often a line of progress is written over, milliseconds. */
const PROGRESS_MS = 200;

/** Prints a line on standard output. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints one JSON document. */
export function printJson(value: unknown): void {
  printLine(jsonText(value));
}

/** JSON text, with bigints as decimal text and bytes as hexadecimal digits. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => {
    if (typeof field === "bigint") return String(field);
    return field instanceof Uint8Array ? hexText(field) : field;
  });
}

/** Bytes as hexadecimal digits. */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Rows of texts as lines with aligned columns. */
export function alignRows(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd())
    .join("\n");
}

/** A line on standard error that is written over as work goes on; silent unless it is a terminal. */
export class ProgressLine {
  #shownMs = 0;
  #width = 0;

  /** Shows a text, at most five times a second. */
  show(text: string): void {
    if (!process.stderr.isTTY) return;
    const now = performance.now();
    if (now - this.#shownMs < PROGRESS_MS) return;
    this.#shownMs = now;
    process.stderr.write(`\r${text.padEnd(this.#width)}`);
    this.#width = text.length;
  }

  /** Removes the line. */
  end(): void {
    if (this.#width > 0) process.stderr.write(`\r${" ".repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
