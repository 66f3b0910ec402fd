/**
 * Loaded into a server before its own modules: tells how late timers are there. A timer of 1 ms that
 * comes 6 ms after the one before it was 5 ms late: some turn of the event loop took that long.
 * On SIGUSR2 it prints `LATE {"count":N,"p99":MS,"max":MS}` and begins anew.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import process from "node:process";
import { percentile } from "./percentile.ts";

const PERIOD_MILLIS = 1;

let late: number[] = [];
let last = performance.now();

setInterval(() => {
  const now = performance.now();
  late.push(Math.max(0, now - last - PERIOD_MILLIS));
  last = now;
}, PERIOD_MILLIS).unref();

process.on("SIGUSR2", () => {
  const figures = late;
  late = [];
  if (figures.length === 0) figures.push(0);
  const max = percentile(figures, 1);
  console.log(
    `LATE ${JSON.stringify({ count: figures.length, p99: percentile(figures, 0.99), max })}`,
  );
});
