/** Two doctors are on call, and each may leave if the other stays: what isolation is for. */

import { codec, Database, index, type Isolation } from "@holdfast/holdfast";

const onCall = index("on-call", { key: codec.string, value: codec.boolean });

async function bothLeave(isolation: Isolation): Promise<number> {
  const db = await Database.memory({ isolation });
  await db.update((tx) => {
    tx.open(onCall).put("ann", true);
    tx.open(onCall).put("bob", true);
  });
  const leave = (name: string): Promise<void> =>
    db.update(async (tx) => {
      const doctors = [...tx.open(onCall).range()].filter(([, isHere]) => isHere);
      await Promise.resolve();
      if (doctors.length > 1) tx.open(onCall).put(name, false);
    });
  await Promise.all([leave("ann"), leave("bob")]);
  const left = [...db.open(onCall).values()].filter((isHere) => isHere).length;
  await db.close();
  return left;
}

console.log(await bothLeave("snapshot")); //> 0
console.log(await bothLeave("serializable")); //> 1
