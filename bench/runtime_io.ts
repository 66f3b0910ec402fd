/**
 * The library's adapter for the running runtime, for who needs it before anything is opened.
 *
 * @module
 */

import process from "node:process";
import type { IoAdapter } from "../mod.ts";

/** Loads the adapter. */
export async function runtimeIo(): Promise<IoAdapter> {
  const { deno, bun } = process.versions;
  if (deno !== undefined) return (await import("../adapters/deno.ts")).denoIo();
  if (bun !== undefined) return (await import("../adapters/bun.ts")).bunIo();
  return (await import("../adapters/node.ts")).nodeIo();
}
