/**
 * What the golden files of endless streams are made of: records in several segments, one that spans,
 * a trim and a cursor; closed, and as a crash left them.
 *
 * @module
 */

import { SimulatedDisk } from "../../adapters/simulated.ts";
import { EndlessStream, type IoAdapter } from "../../mod.ts";
import { numbered } from "./test_blocks.ts";

/** The folder of the files. */
export const FOLDER = "/golden";
/** Records that were appended. */
export const RECORDS = 24;
/** Offset of the oldest. */
export const START = 2;

/** Length of a record. */
export function lengthOf(n: number): number {
  return n === 11 ? 30_000 : n % 5 === 0 ? 3000 : n * 7;
}

/** Opens the stream. */
export function openGolden(io: IoAdapter): Promise<EndlessStream> {
  return EndlessStream.open(FOLDER, { io, segmentBytes: 32_768, span: { maxBytes: 40_000 } });
}

/** Makes the files on a disk whose entropy is always the same. */
export async function buildStream(kind: "closed" | "crashed"): Promise<Map<string, Uint8Array>> {
  const disk = new SimulatedDisk({ seed: 21 });
  const log = await openGolden(disk.io);
  for (let n = 0; n < RECORDS; n++) {
    const durability = n % 4 === 3 ? "os" : "disk";
    await log.append(numbered(n, lengthOf(n)), { durability });
    if (n === 4) await log.trim(START);
    if (n === 8) await log.setCursor("golden", 7);
  }
  if (kind === "closed") await log.close();
  const names = await disk.io.list(FOLDER);
  const files = new Map(names.map((name) => [name, disk.contents(`${FOLDER}/${name}`)!]));
  await log.close();
  return files;
}
