/** Keys of several parts in the order you want them, ranges, prefixes, and changes in place. */

import { codec, Database, index } from "@holdfast/holdfast";

const readings = index("readings", {
  key: codec.tuple(codec.string, codec.desc(codec.date)),
  value: codec.f64,
});

const db = await Database.memory();
await db.update((tx) => {
  const writer = tx.open(readings);
  writer.put(["oslo", new Date("2026-01-01")], -4);
  writer.put(["oslo", new Date("2026-01-02")], -7);
  writer.put(["rome", new Date("2026-01-01")], 11);
});

const reader = db.open(readings);
for (const [[city, day], degrees] of reader.range({ prefix: ["oslo"] })) {
  console.log(city, day.toISOString().slice(0, 10), degrees);
  //> oslo 2026-01-02 -7
  //> oslo 2026-01-01 -4
}
console.log(reader.first()?.[1], reader.last()?.[1], reader.count({ prefix: ["oslo"] })); //> -7 11 2

await db.update((tx) => {
  const writer = tx.open(readings);
  writer.update(["rome", new Date("2026-01-01")], (before) => (before ?? 0) + 1);
  console.log(writer.compareAndSet(["rome", new Date("2026-01-01")], 11, 99)); //> false
  console.log(writer.deleteRange({ prefix: ["oslo"] })); //> 2
});
console.log([...db.open(readings).values()]); //> [ 12 ]
await db.close();
