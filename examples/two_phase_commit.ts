/** Two databases that change together or not at all, also over a crash between the two. */

import { codec, Database, index } from "@holdfast/holdfast";

const accounts = index("accounts", { key: codec.string, value: codec.i32 });
const transactionId = new TextEncoder().encode("transfer-42");

const oslo = await Database.open("./oslo.hold");
const rome = await Database.open("./rome.hold");
const takes = oslo.begin({ transactionId });
takes.open(accounts).update("ann", (before = 0) => before - 10);
const gives = rome.begin({ transactionId });
gives.open(accounts).update("bob", (before = 0) => before + 10);

const prepared = [await takes.prepare(), await gives.prepare()]; // both can commit now, whatever comes
await prepared[0]!.commit();
await oslo.close();
await rome.close(); // before its commit: it stays in doubt

const recovery = await Database.recover("./rome.hold");
for (const { transactionId: id, status } of recovery.list()) {
  console.log(new TextDecoder().decode(id), status); //> transfer-42 prepared
  recovery.commit(id); // what the coordinator has decided
}
const again = await recovery.finish();
console.log(again.open(accounts).get("bob")); //> 10
await again.close();
