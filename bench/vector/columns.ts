/**
 * A vector of f64 beside a plain Float64Array: elements a second in one transaction, by a reader, and
 * in a loop over the typed array that the vector gives. Best of some rounds, in milliseconds of the
 * processor and of the clock: on a machine that does other things, the former say more.
 *
 *     deno run -A bench/vector/columns.ts [--elements 1000000] [--rounds 5]
 *
 * Runs on Node and Bun, too.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { codec, Database, vector } from "../../mod.ts";
import { commandText, positiveInteger, runCommand } from "../command_line.ts";

const USAGE = "usage: columns.ts [--elements 1000000] [--rounds 5]";

const numbers = vector("numbers", codec.f64);

/** Milliseconds of one run. */
interface Time {
  readonly processor: number;
  readonly clock: number;
}

function timed(body: () => unknown): Time {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  body();
  const clock = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  return { processor: (user + system) / 1000, clock };
}

function sum(array: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < array.length; i++) total += array[i]!;
  return total;
}

/** The best time of each thing, by its name. */
class Best {
  readonly times: Map<string, Time> = new Map();

  measure(name: string, body: () => unknown): void {
    const { processor, clock } = timed(body);
    const known = this.times.get(name) ?? { processor: Infinity, clock: Infinity };
    this.times.set(name, {
      processor: Math.min(processor, known.processor),
      clock: Math.min(clock, known.clock),
    });
  }
}

async function round(best: Best, count: number): Promise<void> {
  const db = await Database.memory({ cacheBytes: 256 * 1024 * 1024 });
  const tx = db.begin();
  const writer = tx.open(numbers);
  best.measure("push, in a transaction", () => {
    for (let i = 0; i < count; i++) writer.push(i);
  });
  best.measure("set, in a transaction", () => {
    for (let i = 0; i < count; i++) writer.set(i, i / 2);
  });
  best.measure("get, in a transaction", () => {
    let total = 0;
    for (let i = 0; i < count; i++) total += writer.get(i)!;
    return total;
  });
  await tx.commit();
  const reader = db.open(numbers);
  best.measure("get, by a reader", () => {
    let total = 0;
    for (let i = 0; i < count; i++) total += reader.get(i)!;
    return total;
  });
  best.measure("for of, by a reader", () => {
    let total = 0;
    for (const each of reader) total += each;
    return total;
  });
  let view = new Float64Array(0);
  best.measure("toTypedArray", () => view = reader.toTypedArray() as Float64Array<ArrayBuffer>);
  const plain = Float64Array.from(view);
  for (let i = 0; i < 5; i++) {
    best.measure("loop over that array", () => sum(view));
    best.measure("loop over a plain Float64Array", () => sum(plain));
  }
  await db.close();
}

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      elements: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "5" },
    },
  });
  const count = positiveInteger("elements", values.elements);
  const rounds = positiveInteger("rounds", values.rounds);
  const best = new Best();
  for (let i = 0; i < rounds; i++) await round(best, count);
  console.log(`${commandText()}\n\n| ${count} elements | M/s (processor) | M/s (clock) |`);
  console.log("| --- | --- | --- |");
  for (const [name, { processor, clock }] of best.times) {
    const rate = (ms: number): string => (count / ms / 1000).toFixed(1);
    console.log(`| ${name} | ${rate(processor)} | ${rate(clock)} |`);
  }
});
