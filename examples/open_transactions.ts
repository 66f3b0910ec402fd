/** Finding transactions that somebody has begun and does not end. */

import { codec, Database, index } from "@holdfast/holdfast";

const stock = index("stock", { key: codec.string, value: codec.u32 });

const db = await Database.memory();
const tx = db.begin();
tx.open(stock).put("nuts", 1);
await new Promise((resolve) => setTimeout(resolve, 20));
const { openTransactions, oldestTransactionMs, leakedTransactions } = db.stats();
console.log(openTransactions, oldestTransactionMs >= 10, leakedTransactions); //> 1 true 0
await tx.commit();
console.log(db.stats().openTransactions); //> 0
await db.close();
