/**
 * The ways in which the fault campaign makes calls fail, each once and for good.
 *
 * | kind                                    | after a power cut | for the next process |
 * | --------------------------------------- | ----------------- | -------------------- |
 * | a call answers with an error            | durable           | handed over          |
 * | a write arrives in part, then an error  | durable           | handed over          |
 * | F1: a sync fails, what waited waits on  | durable           | handed over          |
 * | F2: it is lost, reads still show it     | durable           | durable              |
 * | F3: it is lost, also to reads           | durable           | durable              |
 *
 * "durable": nothing is missing that was acknowledged as durable, and no change shows that was
 * refused before a later one was acknowledged. "handed over": nor is what was acknowledged as handed
 * to the system.
 *
 * @module
 */

import type { Fault, FaultOperation } from "../../adapters/simulated.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { Death } from "./subject.ts";

/** One way to fail, for any call of its kind. */
export interface FaultKind {
  /** For people; unique. */
  readonly name: string;
  readonly fault: Omit<Fault, "at">;
  /** What the next process must find: "power" stands for what is durable, and no more. */
  readonly afterDeath: Death;
}

function kinds(
  name: string,
  fault: Omit<Fault, "at" | "times">,
  afterDeath: Death = "process",
): FaultKind[] {
  return [
    { name: `${name}, once`, fault, afterDeath },
    { name: `${name}, for good`, fault: { ...fault, times: Infinity }, afterDeath },
  ];
}

const ERRORS: readonly (readonly [FaultOperation, readonly ErrorCode[]])[] = [
  ["open", ["IO_FAILED", "IO_TOO_MANY_FILES", "IO_ACCESS", "NO_SPACE"]],
  ["stat", ["IO_FAILED"]],
  ["list", ["IO_FAILED", "IO_TOO_MANY_FILES"]],
  ["read", ["IO_FAILED"]],
  ["write", ["IO_FAILED", "NO_SPACE", "IO_ACCESS"]],
  ["truncate", ["IO_FAILED", "NO_SPACE", "IO_ACCESS"]],
  ["rename", ["IO_FAILED", "NO_SPACE", "IO_ACCESS"]],
  ["remove", ["IO_FAILED", "IO_ACCESS"]],
  ["syncDirectory", ["IO_FAILED", "IO_TOO_MANY_FILES"]],
];

/** All of them. */
export const faultKinds: readonly FaultKind[] = [
  ...ERRORS.flatMap(([operation, codes]) =>
    codes.flatMap((error) => kinds(`${operation}: ${error}`, { operation, error }))
  ),
  ...[1, 700, 5000].flatMap((shortWrite) => [
    ...kinds(`write: ${shortWrite} bytes`, { operation: "write", shortWrite }),
    ...kinds(`write: ${shortWrite} bytes, NO_SPACE`, {
      operation: "write",
      error: "NO_SPACE",
      shortWrite,
    }),
  ]),
  ...kinds("sync: F1", { operation: "sync", mode: "F1" }),
  ...kinds("sync: F2", { operation: "sync", mode: "F2" }, "power"),
  ...kinds("sync: F3", { operation: "sync", mode: "F3" }, "power"),
];
