/**
 * What the golden files of the low ranks are made of: a journal, an identity and a sequence of blocks.
 *
 * @module
 */

import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, fileBlocks, Identity, type IoAdapter, Journal } from "../../mod.ts";

/** The folder of the files. */
export const FOLDER = "/golden";

/** Opens the journal. */
export function openJournal(io: IoAdapter): Promise<Journal<[bigint, string]>> {
  return Journal.open(io, `${FOLDER}/head.journal`, {
    codec: codec.tuple(codec.u64, codec.string),
    monotonic: true,
  });
}

/** Makes the files on a disk whose entropy is always the same. */
export async function buildLowRanks(): Promise<Map<string, Uint8Array>> {
  const disk = new SimulatedDisk({ seed: 20 });
  const { io } = disk;
  const journal = await openJournal(io);
  for (let n = 1n; n <= 3n; n++) await journal.update(() => [n, `value ${n}`]);
  await journal.close();
  await Identity.open(io, `${FOLDER}/store.identity`);
  const blocks = await fileBlocks(io, FOLDER, { name: "log", blockBytes: 4096, blockCount: 1 });
  for (let id = 1; id <= 3; id++) {
    const run = await blocks.allocate();
    run.writeAt(new TextEncoder().encode(`run ${id}`), 100);
    run.sync();
  }
  await blocks.release((await blocks.list())[0]!);
  await blocks.close();
  const names = await io.list(FOLDER);
  return new Map(names.map((name) => [name, disk.contents(`${FOLDER}/${name}`)!]));
}
