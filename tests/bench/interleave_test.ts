import assert from "node:assert/strict";
import { test } from "node:test";
import { interleave } from "../../bench/interleave.ts";

test("interleave(): a warm-up that does not count, then rounds, another one first each time", async () => {
  const turns: string[] = [];
  const runners = [{ name: "a" }, { name: "b" }];
  const figures = await interleave("test", runners, 2, ({ name }, round) => {
    turns.push(`${name}${round}`);
    return round * 10 + (name === "a" ? 1 : 2);
  });
  assert.deepEqual(turns, ["a-1", "b-1", "b0", "a0", "a1", "b1"]);
  assert.deepEqual(figures, { a: [1, 11], b: [2, 12] });
});
