/** Block storage of every kind, under the shared suite. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { fileBlocks, type IoAdapter, memoryBlocks, voidBlocks } from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";
import { browserIo } from "../journal/browser_io.ts";
import { type BlockPlace, blocksContract } from "./blocks_contract.ts";

const top = mkdtempSync(join(tmpdir(), "holdfast-blocks-"));
after(() => rmSync(top, { recursive: true, force: true }));

const files = (io: IoAdapter, folder: string): BlockPlace => ({
  open: (shape) => fileBlocks(io, folder, { name: "log", ...shape }),
});

blocksContract("memoryBlocks", () => ({ open: async (shape) => memoryBlocks(shape) }), {
  passes: true,
});
blocksContract("voidBlocks", () => ({ open: async (shape) => voidBlocks(shape) }), {
  forgets: true,
  passes: true,
});
blocksContract("fileBlocks in memory:", () => files(memoryIo(), "/blocks"));
blocksContract("fileBlocks on a simulated disk:", () => files(new SimulatedDisk().io, "/blocks"));
blocksContract("fileBlocks in a browser:", async () => files(await browserIo(), "/folder"));
blocksContract("fileBlocks on the running system:", async () => {
  return files(await runningIo(), mkdtempSync(join(top, "case-")));
});
