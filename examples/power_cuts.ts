/**
 * Testing your own program against power cuts: it runs on a simulated disk, whose power goes before
 * every single operation in turn, and every state that this may leave is opened and looked at. Here
 * money moves between accounts, first in a way that looks right.
 */

import { codec, Database, index, isHoldfastError } from "@holdfast/holdfast";
import { SimulatedDisk } from "@holdfast/holdfast/adapters/simulated";

const accounts = index("accounts", { key: codec.string, value: codec.u32 });

type Move = (db: Database, amount: number) => Promise<void>;

const inTwoSteps: Move = async (db, amount) => {
  await db.update((tx) => tx.open(accounts).put("ann", tx.open(accounts).get("ann")! - amount));
  await db.update((tx) => tx.open(accounts).put("bob", tx.open(accounts).get("bob")! + amount));
};

const inOneTransaction: Move = (db, amount) =>
  db.update((tx) => {
    const open = tx.open(accounts);
    open.put("ann", open.get("ann")! - amount);
    open.put("bob", open.get("bob")! + amount);
  });

/** The program: what is true at its end, and how far it came when the power goes. */
async function run(disk: SimulatedDisk, move: Move, acknowledged: number[]): Promise<void> {
  const db = await Database.open("/bank.hold", { io: disk.io });
  await db.update((tx) => {
    tx.open(accounts).put("ann", 100);
    tx.open(accounts).put("bob", 0);
  });
  acknowledged.push(0);
  for (const amount of [10, 20]) {
    await move(db, amount);
    acknowledged.push(acknowledged.at(-1)! + amount);
  }
  await db.close();
}

/** What is wrong with what a power cut left, if anything is. */
async function judge(disk: SimulatedDisk, acknowledged: number): Promise<string | undefined> {
  const db = await Database.open("/bank.hold", { io: disk.io });
  const [ann = 100, bob = 0] = ["ann", "bob"].map((name) => db.open(accounts).get(name));
  await db.close();
  if (ann + bob !== 100) return `${ann} and ${bob} are not 100`;
  if (bob < acknowledged) return `${acknowledged} were moved, ${bob} are there`;
  return undefined;
}

async function prove(move: Move): Promise<void> {
  const whole = new SimulatedDisk();
  await run(whole, move, []);
  let states = 0;
  const wrong: string[] = [];
  for (let cut = 0; cut < whole.operations; cut++) {
    const disk = new SimulatedDisk({ profile: "hostile", seed: cut });
    disk.cutAt(cut);
    const acknowledged: number[] = [];
    try {
      await run(disk, move, acknowledged);
    } catch (error) {
      if (!disk.isDark || !isHoldfastError(error)) throw error;
    }
    for (const { disk: image } of disk.images({ limit: 8, seed: cut })) {
      states++;
      const why = await judge(image, acknowledged.at(-1) ?? 0);
      if (why !== undefined) wrong.push(why);
    }
  }
  console.log(`${states > 100 ? "many" : "few"} states, wrong: ${wrong[0] ?? "none"}`);
}

await prove(inTwoSteps); //> many states, wrong: 90 and 0 are not 100
await prove(inOneTransaction); //> many states, wrong: none

// A disk that fails: what was promised before is there, and nothing is promised after.
const disk = new SimulatedDisk();
disk.fail({ operation: "sync", at: 6, error: "EIO", mode: "F2", times: Infinity });
const acknowledged: number[] = [];
try {
  await run(disk, inOneTransaction, acknowledged);
} catch (error) {
  console.log(isHoldfastError(error) && error.code); //> IO_FAILED
}
disk.heal();
console.log(await judge(disk.crash("nothing kept"), acknowledged.at(-1) ?? 0) ?? "all is there"); //> all is there
