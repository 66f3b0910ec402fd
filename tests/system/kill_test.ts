import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { runKills } from "./kill.ts";
import { OutsideList } from "./outside_list.ts";
import { originOf, payload } from "./payload.ts";
import { presentRuntimes } from "./present_runtimes.ts";

/** The other ones are played by `main.ts`. */
const SCENES = ["records", "content", "endless"];
const ROUNDS = SCENES.length;

test("kill -9: what was acknowledged is kept, by an index, a log, a content store, a stream", async (t) => {
  if (process.platform === "win32") return t.skip("processes have no groups on Windows");
  const [runtime] = presentRuntimes();
  const tally = await runKills({
    rounds: ROUNDS,
    runtimes: [runtime!],
    seed: 1,
    scenes: SCENES,
  });
  assert.deepEqual([tally.passed, tally.failed], [ROUNDS, 0]);
});

test("OutsideList: a lost step, one too many and one out of order are wrong", () => {
  const cases: Record<string, readonly string[]> = {
    "a lost step": ["found 0,0,0,0", "ack 1 1", "ack 1 2", "found 0,1,0,0"],
    "a step too many": ["found 0,0,0,0", "ack 1 1", "found 0,3,0,0"],
    "a step that was seen is lost": ["found 0,0,0,0", "found 0,1,0,0", "found 0,0,0,0"],
    "steps out of order": ["found 0,0,0,0", "ack 1 2"],
    "a worker is missing": ["found 0,0,0"],
    "the program says so": ["wrong text"],
  };
  for (const [name, lines] of Object.entries(cases)) {
    const list = new OutsideList();
    for (const line of lines) list.hear(line);
    assert.equal(list.wrong.length, 1, name);
  }
  const list = new OutsideList();
  for (const line of ["found 0,0,0,0", "ack 1 1", "found 1,2,0,0", "ack 0 2"]) list.hear(line);
  assert.deepEqual(list.wrong, []);
  assert.deepEqual([list.acknowledged, list.unacknowledged, list.openings], [2, 2, 2]);
});

test("originOf: any changed byte of a payload is told", () => {
  const origin = { worker: 3, number: 9 };
  const bytes = payload(origin);
  assert.deepEqual(originOf(bytes), origin);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at]! ^= 1;
    assert.throws(() => originOf(bytes), `byte ${at}`);
    bytes[at]! ^= 1;
  }
  assert.throws(() => originOf(bytes.subarray(1)));
  assert.throws(() => originOf(bytes.subarray(0, 5)));
});
