/** One way to a state of the crash campaign, as data: to show it again, to shrink it, to keep it. */

import type { CrashPolicy, Outcome, SimulatedDisk } from "../../../adapters/simulated.ts";
import { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { nativeDisk } from "../native_disk.ts";
import type { Death, Subject, Witness } from "../subject.ts";

/** What happens to a store, one after the other, before it is opened and judged. */
export type CrashStep =
  /** The power has gone, and its pending decisions are taken so: a letter for each, {@linkcode LETTERS}. */
  | { readonly kind: "power"; readonly seed: number; readonly outcomes: string }
  /** The process has died, and the system lives on. */
  | { readonly kind: "process" }
  /** What is left is opened, and the power goes at this operation of the recovery. */
  | { readonly kind: "recover"; readonly cut: number }
  /** It is opened, judged and gone on with; the power goes at this operation after judging. */
  | { readonly kind: "proceed"; readonly seed: number; readonly cut: number };

/** The letters of outcomes. */
export const LETTERS: Readonly<Record<string, Outcome>> = {
  d: "dropped",
  k: "kept",
  t: "torn",
  g: "garbage",
  s: "stale",
};

/** The step of a power cut. */
export function powerStep({ seed, outcomes }: CrashPolicy): CrashStep {
  return { kind: "power", seed, outcomes: outcomes.map((outcome) => outcome[0]).join("") };
}

/** From an empty disk to the last state, which is judged. */
export interface CrashCase {
  readonly subject: string;
  /** Of the disk, and of the subject's random numbers. */
  readonly seed: number;
  /** The operation at which the power goes; `null` when the whole course goes wrong without. */
  readonly cut: number | null;
  readonly steps: readonly CrashStep[];
}

/** A disk that changes no more, and what must be found on it. */
export interface Ended {
  readonly disk: SimulatedDisk;
  readonly witness: Witness;
}

/** Runs a subject on an empty disk until its end or the power cut. */
export async function playSubject(
  subject: Subject,
  seed: number,
  cut: number | null,
  onDisk: (disk: SimulatedDisk) => void = () => {},
): Promise<Ended> {
  const disk = nativeDisk(subject.disk, seed);
  onDisk(disk);
  if (cut !== null) disk.cutAt(cut);
  const witness = await subject.play(disk, new Prng(seed).fork("data"));
  return { disk, witness };
}

/** The policy of a step. A disk that decides about more or less than once gets what there is. */
function policyOf(disk: SimulatedDisk, step: CrashStep & { readonly kind: "power" }): CrashPolicy {
  const { seed, outcomes } = step;
  const wanted = disk.decisions().map((_, at): Outcome => LETTERS[outcomes[at] ?? "d"]!);
  return { label: "as before", seed, outcomes: wanted };
}

/** How a case ended that is shown again. */
export interface Replayed {
  /** The violation, if it is still one. */
  readonly error: unknown;
  /** All operations, and what each power cut kept and dropped. */
  readonly details: readonly string[];
}

/** Goes the way of a case again and judges its last state, if it ends with a death. */
export async function replayCase(subject: Subject, wanted: CrashCase): Promise<Replayed> {
  const details: string[] = [];
  let seen: SimulatedDisk | undefined;
  const onDisk = (disk: SimulatedDisk): void => {
    seen = disk;
  };
  let error: unknown;
  try {
    let { disk, witness } = await playSubject(subject, wanted.seed, wanted.cut, onDisk);
    let death: Death = "power";
    for (const step of wanted.steps) {
      switch (step.kind) {
        case "power": {
          const policy = policyOf(disk, step);
          details.push(...disk.describe(policy));
          disk = disk.crash(policy);
          death = "power";
          break;
        }
        case "process":
          details.push("process death");
          disk = disk.processDeath();
          death = "process";
          break;
        case "recover":
          details.push(`the power goes at operation ${step.cut} of recovery`);
          await recoverUntil(witness, disk, step.cut);
          break;
        case "proceed": {
          details.push(`goes on with seed ${step.seed}, until operation ${step.cut} after that`);
          const recovered = await witness.judge(disk, death);
          disk.cutAt(disk.operations + step.cut);
          witness = await recovered.proceed(new Prng(step.seed));
          break;
        }
      }
      seen = disk;
    }
    // After any other step the disk is still somebody's, or dark: the step itself was wrong.
    const last = wanted.steps.at(-1)?.kind;
    if (last === "power" || last === "process") await witness.judge(disk, death);
  } catch (thrown) {
    error = thrown;
  }
  return { error, details: [...details, "trace:", ...seen?.trace() ?? []] };
}

/** Opens what is left until the power goes. @returns whether it went. */
export async function recoverUntil(
  witness: Witness,
  disk: SimulatedDisk,
  cut: number,
): Promise<boolean> {
  disk.cutAt(cut);
  try {
    await witness.recover(disk);
  } catch (error) {
    if (!disk.isDark || !isHoldfastError(error)) throw error;
  }
  if (!disk.isDark) disk.cutAt(disk.operations);
  return disk.isDark;
}
