/**
 * Failures of system calls, brought about by strace on real processes.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Prng } from "../../src/base/prng.ts";
import type { ErrorCode } from "../../mod.ts";
import { runCommand } from "../tools/run_command.ts";
import type { SceneName } from "./scenes.ts";

/** What failing calls answer. */
export type Errno = "EIO" | "ENOSPC" | "EDQUOT" | "EMFILE" | "EROFS";

/** What becomes of a call: an error, or the process is killed in its place. */
export type Mishap = Errno | "SIGKILL";

/** The code of ours for each. */
const CODES: Readonly<Record<Errno, ErrorCode>> = {
  EIO: "IO_FAILED",
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EMFILE: "IO_TOO_MANY_FILES",
  EROFS: "IO_ACCESS",
};

interface Target {
  /** The system calls, as strace names them; runtimes differ. */
  readonly calls: string;
  readonly errors: readonly Errno[];
  /** At most this many calls succeed before one fails. */
  readonly before: number;
  /** How often this one is drawn, beside the others. */
  readonly weight: number;
}

const TARGETS: readonly Target[] = [
  { calls: "pwrite64", errors: ["EIO", "ENOSPC", "EDQUOT", "EROFS"], before: 30, weight: 4 },
  { calls: "fdatasync", errors: ["EIO", "ENOSPC"], before: 12, weight: 4 },
  { calls: "fsync", errors: ["EIO", "ENOSPC"], before: 2, weight: 2 },
  { calls: "openat", errors: ["EMFILE", "EROFS", "EIO"], before: 8, weight: 2 },
  { calls: "ftruncate", errors: ["EIO", "ENOSPC", "EROFS"], before: 3, weight: 2 },
  { calls: "rename,renameat,renameat2", errors: ["EIO", "ENOSPC", "EROFS"], before: 1, weight: 1 },
  { calls: "unlink,unlinkat", errors: ["EIO", "EROFS"], before: 2, weight: 1 },
];

/** One failure that is to come. */
export interface Injection {
  readonly calls: string;
  readonly mishap: Mishap;
  /** The code that whoever meets it first must be told; `undefined` for a kill. */
  readonly code: ErrorCode | undefined;
  /** Which call of a thread fails, from 1. */
  readonly at: number;
  /** Whether all later ones do, too. */
  readonly isLasting: boolean;
}

/** Draws one. */
export function drawInjection(random: Prng): Injection {
  const all = TARGETS.flatMap((target) => Array<Target>(target.weight).fill(target));
  const { calls, errors, before } = all[random.below(all.length)]!;
  const at = 1 + random.below(before + 1);
  if (random.below(4) === 0) {
    return { calls, mishap: "SIGKILL", code: undefined, at, isLasting: false };
  }
  const mishap = errors[random.below(errors.length)]!;
  return { calls, mishap, code: CODES[mishap], at, isLasting: random.below(3) === 0 };
}

/** What it is, in words. */
export function describeInjection({ calls, mishap, at, isLasting }: Injection): string {
  return `${mishap} at call ${at}${isLasting ? " and later ones" : ""} of ${calls}`;
}

/** The files that a scene has or makes, as far as their names can be told beforehand. */
function filesOf(scene: SceneName): string[] {
  if (scene === "journal") return ["sum.journal", "counts.journal"];
  if (scene !== "endless") return ["data.hold"];
  const segments = Array.from({ length: 12 }, (_, at) => {
    return `stream-${String(at + 1).padStart(16, "0")}.blocks`;
  });
  return ["stream.head", ...segments];
}

/** The command that goes before the runtime's; its notes go to `log`. */
export function injectWords(
  injection: Injection,
  scene: SceneName,
  folder: string,
  log: string,
): string[] {
  const { calls, mishap, at, isLasting } = injection;
  const kind = mishap === "SIGKILL" ? "signal" : "error";
  // A draft whose sync fails is given up and leaves its journal as it was: that is no poison.
  const isDraftLeft = scene === "journal" && calls === "fdatasync";
  const paths = filesOf(scene).flatMap((name) => isDraftLeft ? [name] : [name, `${name}.new`]);
  return [
    "strace",
    ...["-f", "-qq", "-o", log],
    ...["-P", folder, ...paths.flatMap((name) => ["-P", join(folder, name)])],
    ...[
      "-e",
      `trace=${calls}`,
      "-e",
      `inject=${calls}:${kind}=${mishap}:when=${at}${isLasting ? "+" : ""}`,
    ],
  ];
}

/** How many calls were made to fail, by the notes. */
export function injectedCalls(log: string): number {
  return readFileSync(log, "utf8").split("(INJECTED)").length - 1;
}

/** Why nothing can be injected here; `undefined` when it can. */
export async function noInjection(): Promise<string | undefined> {
  if (process.platform !== "linux") return "strace is a program of Linux";
  const words = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"];
  try {
    const { code, output } = await runCommand("strace", words, { timeoutMs: 10_000 });
    return code === 0 ? undefined : `strace does not work here: ${output.trim()}`;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "there is no strace";
    throw error;
  }
}
