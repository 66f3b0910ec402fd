/**
 * Failed writes and syncs of endless streams, at every call: what was acknowledged before is there,
 * and what is appended after opening again is not built on what the disk has lost.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { everyFault, FAULTS } from "../sim/every_fault.ts";
import { logSubjects } from "../sim/log_subjects.ts";

for (const [number, fault] of FAULTS.entries()) {
  const name = `${fault.operation} ${fault.mode ?? ""}${fault.shortWrite ?? ""}`.trim();
  for (const kind of ["disk", "mixed"] as const) {
    const subject = logSubjects.find((one) =>
      one.name === (kind === "mixed" ? "log: durability" : "log: span")
    )!;
    test(
      `EndlessStream: a failed ${name}, ${kind}, opening again, and a power cut lose nothing acknowledged`,
      async () => {
        assert.ok(await everyFault(subject, fault, { stride: 11, seed: number }) > 0);
      },
    );
  }
}
