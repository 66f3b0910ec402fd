/**
 * Asking the runtime to collect garbage, for tests of what is forgotten.
 *
 * @module
 */

import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects garbage at once, where the runtime can be asked to. */
export function collector(): (() => void) | undefined {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  try {
    setFlagsFromString("--expose-gc");
    const gc: unknown = runInNewContext("gc");
    return typeof gc === "function" ? () => gc() : undefined;
  } catch (error) {
    // The program has no such name where the flag came too late.
    assert.ok(error instanceof Error && error.name === "ReferenceError", String(error));
    return undefined;
  }
}
