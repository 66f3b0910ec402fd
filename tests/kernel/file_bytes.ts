/**
 * The bytes of a file in memory, taken out and put in.
 *
 * @module
 */

import { memoryIo } from "../../adapters/memory.ts";
import type { IoAdapter } from "../../mod.ts";

/** The bytes of a file. */
export async function readBytes(io: IoAdapter, path: string): Promise<Uint8Array> {
  const file = await io.open(path, "read");
  const bytes = new Uint8Array(file.size());
  file.readAt(bytes, 0);
  file.close();
  return bytes;
}

/** A disk with one file of these bytes. */
export async function diskWith(bytes: Uint8Array, path: string): Promise<IoAdapter> {
  const io = memoryIo();
  const file = await io.open(path, "create");
  file.writeAt(bytes, 0);
  file.close();
  return io;
}
