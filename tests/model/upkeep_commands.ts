/**
 * Commands of the store as a whole: checkpoint, compaction, backup, check, and time that passes.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Database } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { ALWAYS, type Command, command } from "./command.ts";
import { users } from "./definitions.ts";
import { assertSound, type RealStore } from "./real_store.ts";
import { shownBy } from "./shown.ts";

/** Awaited, or left to go on beside what follows. */
const anyWait = fc.boolean();

const checkpoint = anyWait.map((isAwaited) =>
  command(`checkpoint${isAwaited ? "" : ", left"}`, ALWAYS, async (store, real) => {
    const { position } = store;
    const { disk } = real;
    const ended = real.follow(
      real.db.checkpoint().then(() => {
        if (real.isOn(disk)) store.reached(position, "disk");
      }),
    );
    if (isAwaited) await real.settle(ended);
  })
);

const compact = anyWait.map((isAwaited) =>
  command(`compact${isAwaited ? "" : ", left"}`, ALWAYS, async (_, real) => {
    const ended = real.follow(real.db.compact(), ["CLOSED"]);
    if (isAwaited) await real.settle(ended);
  })
);

const backup = anyWait.map((isAwaited) =>
  command(`backup${isAwaited ? "" : ", left"}`, ALWAYS, async (_, real) => {
    const ended = real.follow(backUp(real, real.shown()), ["CLOSED"]);
    if (isAwaited) await real.settle(ended);
  })
);

/** Backs up, opens the copy in memory, and compares it with what plain reads showed at the call. */
async function backUp(real: RealStore, shown: string): Promise<void> {
  const parts: Uint8Array[] = [];
  await real.db.backup(new WritableStream({ write: (part) => void parts.push(part) }));
  const io = memoryIo();
  const file = await io.open("/copy.hold", "create");
  let at = 0;
  for (const part of parts) {
    file.writeAt(part, at);
    at += part.length;
  }
  file.close();
  const copy = await Database.open("/copy.hold", { io });
  assert.equal(shownBy(copy, real.withBallast), shown, "a backup has what was shown");
  assert.deepEqual((await copy.check({ structures: [users] })).problems, []);
  await copy.close();
}

const check = fc.constant(
  command("check", ALWAYS, (_, real) => assertSound(real.disk, real.db)),
);

const turns = fc.integer({ min: 1, max: 4 }).map((count) =>
  command(`${count} turns`, ALWAYS, async (_, real) => {
    for (let at = 0; at < count; at++) {
      await new Promise<void>((resolve) => real.disk.io.nextTurn(resolve));
    }
  })
);

const drain = fc.constant(command("drain", ALWAYS, (_, real) => real.drain()));

/** All of them. */
export const upkeepCommands: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 3, arbitrary: checkpoint },
  { weight: 2, arbitrary: compact },
  { weight: 1, arbitrary: backup },
  { weight: 1, arbitrary: check },
  { weight: 3, arbitrary: turns },
  { weight: 1, arbitrary: drain },
];
