/** Taking back a part of a transaction. */

import { codec, Database, index } from "@holdfast/holdfast";

const stock = index("stock", { key: codec.string, value: codec.u32 });

const db = await Database.memory();
await db.update((tx) => {
  for (const line of ["nuts 3", "bolts many", "gears 7"]) {
    const [name, count] = line.split(" ") as [string, string];
    const before = tx.savepoint();
    try {
      tx.open(stock).put(`${name} (seen)`, 1);
      tx.open(stock).put(name, Number(count));
      before.release();
    } catch {
      before.rollback();
    }
  }
});
console.log([...db.open(stock).keys()].join(", ")); //> gears, gears (seen), nuts, nuts (seen)
await db.close();
