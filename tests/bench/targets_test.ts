import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTESTANTS, PEERS } from "../../bench/compare/contestants.ts";
import { SINGLE_GETS, TARGETS } from "../../bench/compare/targets.ts";
import type { Target } from "../../bench/report.ts";

const ALL: readonly Target[] = Object.values(TARGETS).flat();

test("targets: each is against somebody there is", () => {
  const known = [...CONTESTANTS, SINGLE_GETS];
  for (const target of ALL) {
    assert.ok(!("figure" in target) && target.against !== undefined && target.against.length > 0);
    assert.deepEqual(target.against.filter((name) => !known.includes(name)), []);
  }
});

test("targets: a stretch is more than what is asked for", () => {
  for (const target of ALL) {
    if ("figure" in target || target.ratio === undefined || target.stretch === undefined) continue;
    assert.ok(target.stretch > target.ratio, JSON.stringify(target));
  }
});

test("targets: none is against ours or an engine that no JavaScript program can call", () => {
  assert.deepEqual(PEERS, CONTESTANTS.filter((name) => !/^(?:holdfast|redb|persy)$/.test(name)));
  const allowed = [...PEERS, SINGLE_GETS];
  for (const target of ALL) {
    const against = "figure" in target ? [] : target.against ?? [];
    assert.deepEqual(against.filter((name) => !allowed.includes(name)), []);
  }
});
