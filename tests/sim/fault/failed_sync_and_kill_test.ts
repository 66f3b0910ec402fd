/**
 * A sync fails and drops what it was for, though reads still show it (F2); the process is killed before
 * it can take anything back; its successor's recovery is cut off by a power failure. What was
 * acknowledged is there.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../../src/base/prng.ts";
import { recoverUntil } from "../crash/crash_case.ts";
import { nativeDisk } from "../native_disk.ts";
import { subjects } from "../subjects.ts";

const SEED = 1;

/** Operations of a recovery at which the power goes. */
const CUTS = 8;

for (const name of ["stepped checkpoint", "no-psow checkpoint", "reopen", "register: commits"]) {
  test(`regression: ${name}: a failed sync, kill -9 and a power cut lose nothing`, async () => {
    const subject = subjects.find((one) => one.name === name)!;
    let states = 0;
    for (let sync = 0;; sync += 2) {
      const disk = nativeDisk(subject.disk, SEED);
      disk.fail({ operation: "sync", at: sync, mode: "F2", cutAfter: 0 });
      const witness = await subject.play(disk, new Prng(SEED));
      if (disk.injected === 0) break;
      for (let cut = 0; cut < CUTS; cut++) {
        const killed = disk.processDeath();
        await recoverUntil(witness, killed, cut);
        for (const policy of killed.policies({ limit: 3, seed: cut })) {
          states++;
          await witness.judge(killed.crash(policy), "power");
        }
      }
    }
    assert.ok(states > 60, `${states} states`);
  });
}
