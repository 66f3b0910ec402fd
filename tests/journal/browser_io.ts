/** An adapter over a simulated browser's private files, with an empty folder. */

import { opfsIo } from "../../adapters/opfs.ts";
import type { IoAdapter } from "../../mod.ts";
import { FakeOrigin } from "../io/fake_opfs.ts";

/** A new one, whose folder is `/folder`. */
export async function browserIo(): Promise<IoAdapter> {
  const context = new FakeOrigin({}).context();
  const root = await context.storage.getDirectory();
  await root.getDirectoryHandle("folder", { create: true });
  return opfsIo(undefined, context);
}
