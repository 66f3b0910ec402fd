import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { TurnQueue } from "../../bench/compare/turn_queue.ts";

test("TurnQueue commits what is put in one turn at once, and resolves after that", async () => {
  const commits: number[][] = [];
  let isCommitted = false;
  const queue = new TurnQueue<number>(async (items) => {
    commits.push([...items]);
    await setImmediate();
    isCommitted = true;
  });
  const first = queue.add(1);
  void queue.add(2);
  await first;
  assert.equal(isCommitted, true);
  await queue.add(3);
  assert.deepEqual(commits, [[1, 2], [3]]);
});

test("TurnQueue fails those alone whose commit fails", async () => {
  const queue = new TurnQueue<number>((items) => {
    if (items.includes(1)) throw new RangeError("no 1");
  });
  const [one, two] = [queue.add(1), queue.add(2)];
  await assert.rejects(one, RangeError);
  await assert.rejects(two, RangeError);
  await queue.add(3);
});
