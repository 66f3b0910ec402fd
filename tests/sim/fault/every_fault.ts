/** A small fault campaign: fails the calls of a subject one by one, and cuts the power at the end. */

import type { Fault } from "../../../adapters/simulated.ts";
import { Prng } from "../../../src/base/prng.ts";
import { nativeDisk } from "../native_disk.ts";
import type { Subject } from "../subject.ts";

/** The failures that are tried. */
export const FAULTS: readonly Omit<Fault, "at">[] = [
  { operation: "sync", mode: "F1" },
  { operation: "sync", mode: "F2" },
  { operation: "sync", mode: "F3" },
  { operation: "write" },
  { operation: "write", shortWrite: 700 },
  { operation: "write", error: "NO_SPACE", shortWrite: 5000 },
  { operation: "syncDirectory" },
  { operation: "open" },
];

/**
 * Fails every `stride`-th call of a kind.
 * @returns how many times
 * @throws for a state that must not be, with how to get there
 */
export async function everyFault(
  subject: Subject,
  fault: Omit<Fault, "at">,
  { stride = 1, seed = 1 }: { readonly stride?: number; readonly seed?: number } = {},
): Promise<number> {
  const data = new Prng(seed).fork(subject.name).next();
  for (let at = 0;; at += stride) {
    const disk = nativeDisk(subject.disk, seed);
    disk.fail({ ...fault, at });
    let latest = disk;
    try {
      const witness = await subject.play(disk, new Prng(data));
      if (disk.injected === 0) return at / stride;
      disk.heal();
      for (const policy of disk.policies({ limit: 2, seed: at })) {
        latest = disk.crash(policy);
        const recovered = await witness.judge(latest, "power");
        const next = await recovered.proceed(new Prng(at));
        await next.judge(latest = latest.crash("nothing kept"), "power");
      }
      const dead = disk.processDeath();
      const again = await (latest = dead, witness.judge(dead, "power"));
      const next = await again.proceed(new Prng(at));
      await next.judge(latest = dead.crash("nothing kept"), "power");
    } catch (error) {
      const where = `${subject.name}, seed ${seed}, ${JSON.stringify({ ...fault, at })}`;
      const details = [where, ...latest.trace()].join("\n  ");
      throw new Error(`${error instanceof Error ? error.stack : error}\n  ${details}`);
    }
  }
}
