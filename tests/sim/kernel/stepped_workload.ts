/** Checkpoints that take many turns, with commits between their steps. */

import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Write } from "./oracle.ts";
import type { Session } from "./session.ts";

/** A step of a checkpoint is over at its first look at the clock. */
const LOOK_MS = 3;

/**
 * Lets time pass with each look at the clock. Without it none passes on a simulated disk while the
 * processor works, so a checkpoint would be done in one step, and nothing come between.
 */
function runClock(disk: SimulatedDisk): void {
  const { io } = disk;
  const monotonic = io.monotonic.bind(io);
  io.monotonic = (): number => {
    disk.advance(LOOK_MS);
    return monotonic();
  };
}

/** Commits of all durabilities while a checkpoint writes its pages; then one in its log's place. */
export async function steppedCheckpoint(session: Session): Promise<void> {
  const { random } = session;
  runClock(session.disk);
  await session.open();
  // Some values have pages of their own, so that those of an image are not all neighbours.
  const some = (count: number, length: number): Write[] =>
    Array.from({ length: count }, (_, n) => ({
      structure: "left",
      key: `key-${random.below(60)}`,
      value: session.bytes(n % 3 === 2 ? 5000 : random.below(length)),
    }));
  await session.commit(some(20, 900));
  for (let round = 0; round < 3; round++) {
    await session.commit(some(12, 900));
    const folding = session.checkpoint();
    for (let step = 0; step < 3; step++) {
      if (step > 0) await session.turns(1);
      await session.commit(some(4, 600), step === 1 ? "memory" : "disk");
    }
    const held = session.hold();
    await session.commit(some(2, 60));
    await folding;
    held.verifyAndRelease();
    await session.commit(some(1, 200));
  }
  session.verify();
}
