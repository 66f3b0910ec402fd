/** A time series in a vector with columns: appended to, searched by time, scanned, thinned out. */

import { codec, Database, vector } from "@holdfast/holdfast";

const Sample = codec.struct({ at: codec.date, celsius: codec.f32 });
const samples = vector("samples", Sample);
const hourly = vector("hourly", Sample);

const begin = Date.UTC(2026, 0, 1);
const minute = (n: number): Date => new Date(begin + n * 60_000);

const db = await Database.open("./series.hold");
for (let hour = 0; hour < 24; hour++) {
  await db.update((tx) => {
    const writer = tx.open(samples);
    for (let n = 0; n < 60; n++) {
      const time = hour * 60 + n;
      writer.push({ at: minute(time), celsius: 10 - 8 * Math.cos(time / 1440 * 2 * Math.PI) });
    }
  });
}

// Which samples are of the afternoon, and what they say: a column is a typed array.
const series = db.open(samples);
const find = (at: Date): number => {
  const found = series.binarySearch(at, (sample, time) => sample.at.getTime() - time.getTime());
  return found < 0 ? ~found : found;
};
const afternoon = series.field("celsius", find(minute(12 * 60)), find(minute(18 * 60)));
let warmest = -Infinity;
for (const each of afternoon) warmest = Math.max(warmest, each);
console.log(afternoon.length, warmest.toFixed(1)); //> 360 18.0

// One sample an hour, in a vector of its own, made in the transaction that cuts off the old ones.
await db.update((tx) => {
  const from = tx.open(samples);
  const celsius = from.field("celsius");
  for (let at = 0; at < celsius.length; at += 60) {
    let sum = 0;
    for (let n = at; n < at + 60; n++) sum += celsius[n]!;
    tx.open(hourly).push({ at: from.get(at)!.at, celsius: sum / 60 });
  }
  from.clear();
});
console.log(series.length, db.open(hourly).length); //> 0 24
console.log(db.open(hourly).at(-1)!.at.toISOString()); //> 2026-01-01T23:00:00.000Z
await db.close();
