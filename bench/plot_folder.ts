/**
 * The folder of plots: after a run it holds those of this run alone.
 *
 * @module
 */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the plots by their file names, and removes the other SVG files of the folder. */
export function writePlots(folder: string, plots: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".svg") && !plots.has(name)) rmSync(join(folder, name));
  }
  for (const [name, svg] of plots) writeFileSync(join(folder, name), svg);
}
