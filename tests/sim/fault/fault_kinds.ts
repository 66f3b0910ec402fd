/**
 * The ways in which the fault campaign makes calls fail, each once and for good.
 *
 * | kind                                      | after a power cut | for the next process |
 * | ----------------------------------------- | ----------------- | -------------------- |
 * | a call answers with an error              | durable           | handed over          |
 * | a write arrives in part, then an error    | durable           | handed over          |
 * | a read or write moves fewer bytes, or none| durable           | handed over          |
 * | a sync is late                            | durable           | handed over          |
 * | F1: a sync fails, what waited waits on    | durable           | handed over          |
 * | F2: it is lost, reads still show it       | durable           | durable              |
 * | F2, and the process is killed             | durable           | durable              |
 * | F3: it is lost, also to reads             | durable           | durable              |
 * | F4: it is lost, the next sync says so     | no wrong data     | no wrong data        |
 * | F5: a sync says that it did, and did not  | no wrong data     | handed over          |
 * | a bit of what a read gives is wrong       | no wrong data     | no wrong data        |
 * | a write never arrives, or elsewhere       | no wrong data     | no wrong data        |
 *
 * - "handed over": nothing is missing that was acknowledged as handed to the system, and no change
 *   shows that was refused before a later one was acknowledged.
 * - "durable": likewise, of what was acknowledged as durable.
 * - "no wrong data": the disk lied, and what it did not keep nobody has. What is left is a whole
 *   earlier state, or opening or reading it ends with an error that has a code, or the check of the
 *   store finds the damage. Never other data.
 *
 * Every store answers with typed errors alone, whatever fails, and comes to an end.
 *
 * Of folders there is no F2 and no F4: names are journaled, and a file system whose journal fails
 * stops; it does not go on showing names that it has lost. What some stores do not promise is the
 * table `SPARED`, with the reasons.
 *
 * @module
 */

import type { Fault, FaultOperation } from "../../../adapters/simulated.ts";

/** What must hold after a fault: see the table. */
export type Promised = "handed over" | "durable" | "no wrong data";

/** One way to fail, for any call of its kind. */
export interface FaultKind {
  /** For people; unique. */
  readonly name: string;
  readonly fault: Omit<Fault, "at">;
  readonly afterPower: Promised;
  readonly afterDeath: Promised;
}

type Errors = readonly (readonly [FaultOperation, readonly NonNullable<Fault["error"]>[]])[];

/** Which errors real systems give for which calls. */
const ERRORS: Errors = [
  ["open", ["EIO", "EMFILE", "EROFS", "ENOSPC", "EDQUOT", "EACCES"]],
  ["stat", ["EIO"]],
  ["list", ["EIO", "ENFILE"]],
  ["read", ["EIO"]],
  ["write", ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EFBIG"]],
  ["truncate", ["EIO", "ENOSPC", "EROFS", "EFBIG"]],
  ["rename", ["EIO", "ENOSPC", "EROFS"]],
  ["remove", ["EIO", "EROFS"]],
  ["syncDirectory", ["EIO", "EMFILE"]],
  ["sync", ["ENOSPC", "EDQUOT"]],
];

function kinds(
  name: string,
  fault: Omit<Fault, "at" | "times">,
  afterPower: Promised = "durable",
  afterDeath: Promised = "handed over",
): FaultKind[] {
  return [
    { name: `${name}, once`, fault, afterPower, afterDeath },
    { name: `${name}, for good`, fault: { ...fault, times: Infinity }, afterPower, afterDeath },
  ];
}

/** A disk that lies. */
function lies(name: string, fault: Omit<Fault, "at" | "times">): FaultKind[] {
  return kinds(name, fault, "no wrong data", "no wrong data");
}

/** All of them. */
export const faultKinds: readonly FaultKind[] = [
  ...ERRORS.flatMap(([operation, errors]) =>
    errors.flatMap((error) => kinds(`${operation}: ${error}`, { operation, error }))
  ),
  // A disk that fails for good takes nothing: that is above.
  ...[1, 700, 4095].flatMap((shortWrite) =>
    (["EIO", "ENOSPC"] as const).map((error): FaultKind => ({
      name: `write: ${shortWrite} bytes, ${error}, once`,
      fault: { operation: "write", error, shortWrite },
      afterPower: "durable",
      afterDeath: "handed over",
    }))
  ),
  ...(["read", "write"] as const).flatMap((operation) => [
    ...[0, 1, 700].flatMap((bytes) =>
      kinds(`${operation}: short, ${bytes} bytes`, { operation, kind: "short", bytes })
    ).filter(({ fault }) => fault.bytes !== 1 || fault.times === undefined),
  ]),
  ...kinds("sync: late", { operation: "sync", kind: "late" }),
  ...(["sync", "syncDirectory"] as const).flatMap((operation) => [
    ...kinds(`${operation}: F1`, { operation, mode: "F1" }),
    ...kinds(`${operation}: F3`, { operation, mode: "F3" }, "durable", "durable"),
    ...kinds(`${operation}: F5`, { operation, mode: "F5" }, "no wrong data"),
  ]),
  ...kinds("sync: F2", { operation: "sync", mode: "F2" }, "durable", "durable"),
  {
    name: "sync: F2, killed",
    fault: { operation: "sync", mode: "F2", cutAfter: 0 },
    afterPower: "durable",
    afterDeath: "durable",
  },
  ...lies("sync: F4", { operation: "sync", mode: "F4" }),
  ...lies("read: a bit flips", { operation: "read", kind: "flip" }),
  ...lies("write: lost", { operation: "write", kind: "lost" }),
  ...lies("write: 4096 bytes further", { operation: "write", kind: "misdirected" }),
  ...lies("write: 512 bytes further", { operation: "write", kind: "misdirected", shift: 512 }),
];

/** By the beginnings of the names of subjects and of kinds. */
const SPARED: readonly (readonly [subject: string, kind: string])[] = [
  // Who sees a sync fail writes down where the log ends. If that fails as well, the next owner takes
  // what reads show for durable, and builds on it: see `abandon_tail.ts`.
  ["log: ", "sync: F2, for good"],
  ["log: ", "sync: F2, killed"],
  // The same of an owner that is killed before it has.
  ["killed owners: stream", "sync: F2"],
  // Blocks that are not the stream's own have no place for that: see `BlockStream`.
  ["block stream: ", "sync: F2"],
  // Of two streams each drops what looks like a torn tail, and says so: together they are no state.
  ["block stream: ", "read: a bit flips"],
];

/** The kinds that a subject of this name promises something for. */
export function kindsFor(name: string): readonly FaultKind[] {
  const spared = SPARED.filter(([subject]) => name.startsWith(subject));
  return faultKinds.filter((kind) => !spared.some(([, begin]) => kind.name.startsWith(begin)));
}
