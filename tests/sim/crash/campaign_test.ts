/** The crash campaign on a subject of a few operations: what it counts, and that it can fail. */

import { test } from "node:test";
import assert from "node:assert/strict";
import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { type CampaignOptions, runCampaign } from "./campaign.ts";
import type { CampaignReport } from "./campaign_report.ts";
import { describeViolation } from "./campaign_report.ts";
import { replayCase } from "./crash_case.ts";
import type { Subject, Witness } from "../subject.ts";

const PATH = "/counter";
const NUMBERS = 12;

/** Counts in a file of one byte; a number is acknowledged once it is written, and synced. */
function counter(isSynced: boolean): Subject {
  const count = async (disk: SimulatedDisk, from: number): Promise<number> => {
    let acknowledged = from;
    try {
      const file = await disk.io.open(PATH, "create");
      await disk.io.syncDirectory(PATH);
      for (let number = from + 1; number <= from + NUMBERS; number++) {
        file.writeAt(new Uint8Array([number]), 0);
        if (isSynced) file.sync();
        acknowledged = number;
      }
    } catch (error) {
      if (!isHoldfastError(error) || !disk.isDark) throw error;
    }
    if (!disk.isDark) disk.cutAt(disk.operations);
    return acknowledged;
  };
  const witness = (acknowledged: number): Witness => ({
    recover: async (disk) => {
      (await disk.io.open(PATH, "create")).sync();
    },
    judge: async (disk) => {
      const file = await disk.io.open(PATH, "create");
      file.sync();
      const bytes = new Uint8Array(1);
      file.readAt(bytes, 0);
      const found = bytes[0]!;
      if (found < acknowledged) throw new Error(`${acknowledged} was lost, there is ${found}`);
      return { content: String(found), proceed: async () => witness(await count(disk, found)) };
    },
  });
  return {
    name: "counter",
    structure: "register",
    disk: {},
    play: async (disk) => witness(await count(disk, 0)),
  };
}

function run(isSynced: boolean, more: Partial<CampaignOptions> = {}): Promise<CampaignReport> {
  return runCampaign({
    subjects: [counter(isSynced)],
    states: 1,
    seed: 5,
    imagesPerCut: 6,
    innerEvery: 2,
    ...more,
  });
}

test("runCampaign: cuts every operation, judges, cuts recoveries, and goes on", async () => {
  const { rows: [row], violations, states } = await run(true);
  assert.equal(violations.length, 0);
  assert.equal(row?.operations, 2 + 2 * NUMBERS);
  assert.equal(row?.cuts, row!.operations + 1);
  assert.equal(row?.states, states);
  assert.ok(row!.second > states / 5);
  assert.ok(row!.recovery > 0);
});

test("runCampaign: a tenth of the cuts gives the digest of all, another seed another one", async () => {
  const { digest } = await run(true);
  const sample = await run(true, { cutEvery: 10 });
  assert.equal(sample.digest, digest);
  assert.equal(sample.rows[0]?.cuts, 3);
  assert.notEqual((await run(true, { seed: 6 })).digest, digest);
});

test("runCampaign: a share of several rounds finds what the rounds find", async () => {
  const first = await run(true);
  const second = await run(true, { round: 1 });
  const both = await run(true, { share: [[0, 0], [0, 1]] });
  assert.equal(both.states, first.states + second.states);
});

test("runCampaign: a violation is a case that shows it again", async () => {
  const { violations: [violation, ...others] } = await run(false, { violationsMax: 1 });
  assert.equal(others.length, 0);
  const text = describeViolation(violation!, 5);
  assert.match(text, /^VIOLATION in "counter", cut \d+: Error: \d+ was lost/);
  assert.match(text, /dropped: #\d+ \/counter/);
  const { error } = await replayCase(counter(false), violation!.case);
  assert.match(String(error), /was lost/);
  assert.equal((await replayCase(counter(true), violation!.case)).error, undefined);
});

test("runCampaign: a course that differs from run to run is a violation", async () => {
  let runs = 0;
  const subject: Subject = {
    ...counter(true),
    play: async (disk, random) => {
      if (runs++ === 2) await disk.io.syncDirectory(PATH);
      return await counter(true).play(disk, random);
    },
  };
  // The whole course, the first cut, and the whole course again.
  const { violations } = await run(true, { subjects: [subject], violationsMax: 1, cutEvery: 1000 });
  assert.match(violations[0]?.message ?? "", /another trace/);
});
