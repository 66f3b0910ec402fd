/**
 * The adapter of the runtime that runs this file.
 *
 * @module
 */

import process from "node:process";
import type { IoAdapter } from "../../src/io/adapter.ts";

/** Its name in messages and in the variables that name its program. */
export const RUNNING: "deno" | "bun" | "node" = process.versions["deno"] !== undefined
  ? "deno"
  : process.versions["bun"] !== undefined
  ? "bun"
  : "node";

/** A new adapter for it. */
export async function runningIo(): Promise<IoAdapter> {
  if (RUNNING === "deno") return (await import("../../adapters/deno.ts")).denoIo();
  if (RUNNING === "bun") return (await import("../../adapters/bun.ts")).bunIo();
  return (await import("../../adapters/node.ts")).nodeIo();
}
