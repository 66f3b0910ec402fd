/** A small campaign: cuts the operations of a subject, judges images of each cut, and second lives of some. */

import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import type { Subject } from "./subject.ts";

/** What was looked at. */
export interface CutReport {
  readonly operations: number;
  readonly states: number;
  readonly secondStates: number;
}

/**
 * Takes every `stride`-th operation.
 * @throws for a state that must not be, with how to get there
 */
export async function everyCut(
  subject: Subject,
  { stride = 1, images = 3, seed = 1, second = 4 }: {
    readonly stride?: number;
    readonly images?: number;
    readonly seed?: number;
    /** One image in so many lives on. */
    readonly second?: number;
  } = {},
): Promise<CutReport> {
  const data = new Prng(seed).fork(subject.name).next();
  const rehearsal = new SimulatedDisk({ ...subject.disk, seed });
  await subject.play(rehearsal, new Prng(data));
  const { operations } = rehearsal;
  let states = 0;
  let secondStates = 0;
  for (let cut = 0; cut <= operations; cut += stride) {
    const disk = new SimulatedDisk({ ...subject.disk, seed });
    disk.cutAt(cut);
    const where: string[] = [`${subject.name}, seed ${seed}, cut ${cut} of ${operations}`];
    let latest = disk;
    try {
      const witness = await subject.play(disk, new Prng(data));
      const random = new Prng(cut).fork("images");
      const dead = latest = disk.processDeath();
      const { content } = await witness.judge(dead, "process");
      // What an opened store shows is durable.
      const later = await witness.judge(latest = dead.crash("nothing kept"), "power");
      if (later.content !== content) throw new Error(`${content} became ${later.content}`);
      states += 2;
      for (const policy of disk.policies({ limit: images, seed: cut })) {
        const image = latest = disk.crash(policy);
        where.splice(1, Infinity, ...disk.describe(policy));
        const recovered = await witness.judge(image, "power");
        states++;
        if (random.below(second) !== 0) continue;
        const inner = disk.crash(policy);
        inner.cutAt(random.below(6));
        await witness.recover(inner).catch((error) => {
          if (!inner.isDark) throw error;
        });
        for (const policy of inner.policies({ limit: 2, seed: random.next() })) {
          const again = await witness.judge(latest = inner.crash(policy), "power");
          states++;
          if (again.content !== recovered.content) {
            throw new Error(`${recovered.content} became ${again.content} by a cut in recovery`);
          }
        }
        latest = image;
        image.cutAt(image.operations + random.below(16));
        const next = await recovered.proceed(random);
        for (const policy of image.policies({ limit: 4, seed: random.next() })) {
          where.push(...image.describe(policy));
          await next.judge(latest = image.crash(policy), "power");
          secondStates++;
        }
      }
    } catch (error) {
      const details = [...where, ...latest.trace()].join("\n  ");
      throw new Error(`${error instanceof Error ? error.stack : error}\n  ${details}`);
    }
  }
  return { operations, states: states + secondStates, secondStates };
}
