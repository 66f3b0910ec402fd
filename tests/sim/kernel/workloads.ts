/** What the campaign runs until the power goes. Small: each ends within some dozen operations. */

import type { DatabaseOptions } from "../../../mod.ts";
import type { SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { atomicTogether } from "./atomic_workload.ts";
import { contentStores } from "./content_workload.ts";
import type { Write } from "./oracle.ts";
import { sealedBehindUnsealed } from "./seal_workload.ts";
import type { Session } from "./session.ts";
import { steppedCheckpoint } from "./stepped_workload.ts";
import { vectorChanges } from "./vector_workload.ts";

/** A named course of commits. */
export interface Workload {
  readonly name: string;
  readonly database: DatabaseOptions;
  readonly disk: SimulatedDiskOptions;
  run(session: Session): Promise<void>;
}

const SMALL: DatabaseOptions = { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 };

/** Its cache holds an image of more than 256 pages. */
const WIDE: DatabaseOptions = { ...SMALL, cacheBytes: 4 * 1024 * 1024 };

/** Its syncs run beside the thread, and a checkpoint pauses between writes. */
const SLOW: SimulatedDiskOptions = { syncMilliseconds: 5, writeMilliseconds: 1 };

/** A sector under a write may become garbage from end to end: the guard of seals and slots. */
const NO_PSOW: SimulatedDiskOptions = { profile: "no-psow", sectorBytes: 4096 };

const KIB = 1024;

/** Four of them in a page, and an image of more than 256 pages. */
const WIDE_ENTRIES = 1200;

/** A commit of `count` writes to both structures, among `keys` keys; some remove. */
function writes(session: Session, count: number, keys: number, length: number): Write[] {
  const { random } = session;
  const list: Write[] = [];
  for (let i = 0; i < count; i++) {
    const structure = random.below(3) === 0 ? "right" : "left";
    const key = `key-${random.below(keys)}`;
    const remove = random.below(6) === 0;
    list.push({ structure, key, value: remove ? undefined : session.bytes(length) });
  }
  return list;
}

/** Several commits in one turn, so that they share a sync. */
async function group(session: Session, commits: readonly (readonly Write[])[]): Promise<void> {
  await Promise.all(commits.map((one) => session.commit(one)));
}

async function firstCreate(session: Session): Promise<void> {
  await session.open();
  await session.commit(writes(session, 2, 10, session.random.below(600)));
  session.verify();
  await session.close();
}

async function groupCommit(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 6; round++) {
    const commits = Array.from(
      { length: 3 + random.below(4) },
      () => writes(session, 1 + random.below(3), 30, random.below(900)),
    );
    await group(session, commits);
  }
  session.verify();
}

async function checkpoint(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 3; round++) {
    await group(session, [writes(session, 20, 80, 300), writes(session, 3, 80, 10)]);
    const folding = session.checkpoint();
    const during = session.commit(writes(session, 4, 80, random.below(500)));
    await Promise.all([folding, during]);
    await session.commit(writes(session, 1, 80, 100));
  }
  await session.checkpoint();
  session.verify();
  await session.close();
}

async function growth(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 4; round++) {
    const list: Write[] = [];
    for (let i = 0; i < 6; i++) {
      const value = session.bytes(2000 + random.below(12_000));
      list.push({ structure: "left", key: `grow-${round}-${i}`, value });
    }
    await session.commit(list);
    await session.commit(writes(session, 2, 20, 50));
    await session.checkpoint();
  }
  session.verify();
}

async function pageReuse(session: Session): Promise<void> {
  await session.open();
  await session.commit(writes(session, 60, 60, 700));
  await session.checkpoint();
  const first = session.hold();
  for (let round = 0; round < 2; round++) {
    await group(session, [writes(session, 25, 60, 700), writes(session, 5, 60, 700)]);
    await session.checkpoint();
  }
  const second = session.hold();
  first.verifyAndRelease();
  for (let round = 0; round < 3; round++) {
    await session.commit(writes(session, 20, 60, 700));
    await session.checkpoint();
  }
  second.verifyAndRelease();
  await group(session, [writes(session, 25, 60, 700), writes(session, 5, 60, 700)]);
  await session.checkpoint();
  await session.commit(writes(session, 3, 60, 700));
  // Of pages that no image has yet.
  const third = session.hold();
  await session.commit(writes(session, 3, 60, 700));
  third.verifyAndRelease();
  session.verify();
}

async function largeValue(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 4; round++) {
    const value = session.bytes(64 * KIB + 1 + random.below(40 * KIB));
    const large: Write = { structure: "left", key: `large-${round % 2}`, value };
    await group(session, [
      writes(session, 2, 20, 100),
      [large, ...writes(session, 2, 20, 100)],
      writes(session, 1, 20, 300),
    ]);
    if (round === 1) await session.checkpoint();
    if (round === 2) {
      await session.commit([{ structure: "left", key: "large-0", value: undefined }]);
    }
  }
  session.verify();
}

async function logWrap(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 9; round++) {
    await group(session, [
      writes(session, 12, 60, 3000 + random.below(1500)),
      writes(session, 2, 60, random.below(100)),
      writes(session, 1, 60, 4096),
    ]);
  }
  session.verify();
}

async function mixedDurability(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 8; round++) {
    const levels = ["memory", "os", "memory", "disk"] as const;
    for (let i = 0; i < 4; i++) {
      const durability = levels[random.below(4)] ?? "disk";
      const done = session.commit(writes(session, 1 + random.below(3), 20, 200), durability);
      if (random.below(2) === 0) await done;
      else done.catch(() => {});
    }
    if (round === 4) await session.checkpoint();
  }
  await session.drain();
  session.verify();
}

async function reopen(session: Session): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await session.open();
    session.verify();
    await group(session, [writes(session, 3, 40, 400), writes(session, 2, 40, 40)]);
    await session.close();
  }
}

async function hugeTransaction(session: Session): Promise<void> {
  await session.open();
  await session.commit(writes(session, 5, 40, 100));
  await group(session, [
    writes(session, 1, 40, 100),
    writes(session, 40, 40, 5000),
    writes(session, 1, 40, 100),
  ]);
  await session.commit(writes(session, 2, 40, 700));
  session.verify();
}

async function compaction(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let value = 0; value < 3; value++) {
    const large = session.bytes(64 * KIB + 1 + random.below(20 * KIB));
    await session.commit([{ structure: "left", key: `large-${value}`, value: large }]);
  }
  await session.commit(writes(session, 80, 60, 700));
  await session.checkpoint();
  const held = random.below(2) === 0 ? session.hold() : undefined;
  const gone = Array.from({ length: 50 }, (_, n) => `key-${n}`);
  await session.commit([...gone, "large-0"].map((key) => ({
    structure: "left",
    key,
    value: undefined,
  })));
  const compacting = session.compact();
  // A value that only the log names while the file is cut.
  const large = session.bytes(70 * KIB);
  await session.commit([{ structure: "right", key: "large", value: large }]);
  for (let round = 0; round < 3; round++) {
    await session.commit(writes(session, 2, 60, random.below(600)));
  }
  held?.verifyAndRelease();
  await compacting;
  session.verify();
  await session.commit(writes(session, 10, 60, 700));
  await session.close();
}

/** Drops what is there, and gives the name to something new in the same commit. */
function replacement(session: Session, count: number, length: number): Write[] {
  const list: Write[] = session.has("left")
    ? [{ structure: "left", key: "", value: undefined, drop: true }]
    : [];
  for (let i = 0; i < count; i++) {
    list.push({ structure: "left", key: `new-${i}`, value: session.bytes(length) });
  }
  return list;
}

async function dropAndCreate(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 4; round++) {
    const list: Write[] = [];
    for (let i = 0; i < 130; i++) {
      const value = session.bytes(i % 40 === 0 ? 3000 : 900);
      list.push({ structure: "left", key: `old-${round}-${i}`, value });
    }
    await session.commit(list);
    if (round % 2 === 0) await session.checkpoint();
    const held = session.hold();
    await session.commit(replacement(session, round === 1 ? 0 : 30, 700));
    // Commits and images at every stage of the freeing, and reuse of what it gave back.
    for (let step = 0; step < 3; step++) {
      await session.turns(random.below(3));
      const during = session.commit([
        { structure: "right", key: `beside-${step}`, value: session.bytes(random.below(2500)) },
      ]);
      const folding = step !== 1 || round > 1 ? session.checkpoint() : undefined;
      await Promise.all([during, folding]);
    }
    if (round === 2) held.verifyAndRelease();
    await session.turns(random.below(6));
    await session.commit(writes(session, 30, 60, 900));
    if (round !== 2) held.verifyAndRelease();
  }
  await session.checkpoint();
  session.verify();
}

/** Prepares in groups, with and without large values; decides now, after a checkpoint, a reopen. */
async function twoPhase(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 4; round++) {
    const large = session.bytes(64 * KIB + 1 + random.below(20 * KIB));
    await Promise.all([
      session.prepare(`large-${round}`, [{ structure: "left", key: `l-${round}`, value: large }]),
      session.commit(writes(session, 2, 20, 100)),
      session.prepare(`small-${round}`, [
        { structure: "right", key: `s-${round}`, value: session.bytes(random.below(900)) },
        { structure: "left", key: `s-${round}`, value: session.bytes(50) },
      ]),
    ]);
    if (round === 0) await session.decide((id) => id.startsWith("small"));
    if (round === 1) await session.checkpoint();
    if (round === 3) await session.compact();
    if (round === 2) {
      await session.close();
      await session.open();
      await session.decide((id) => id.startsWith("large"));
    }
    // Space that is free now is used again at once.
    await group(session, [writes(session, 3, 20, 3000), writes(session, 1, 20, 10)]);
  }
  await session.checkpoint();
  await session.decide((id) => id.startsWith("large"));
  session.verify();
}

/** Changes in more pages than are synced on the thread: by commits, checkpoints and recoveries. */
async function wideImage(session: Session): Promise<void> {
  const { random } = session;
  const all = (length: () => number, step: number): Write[] =>
    Array.from({ length: WIDE_ENTRIES / step }, (_, n) => ({
      structure: "left",
      // In their order: pages that follow each other are one write.
      key: `wide-${String(n * step).padStart(4, "0")}`,
      value: session.bytes(length()),
    }));
  await session.open();
  await session.commit(all(() => 880, 1));
  await session.commit(all(() => random.below(40), 4));
  await Promise.all([session.checkpoint(), session.commit(writes(session, 2, 20, 100))]);
  await session.commit(all(() => random.below(40), 4));
  session.verify();
}

/** All workloads of the kernel. */
export const workloads: readonly Workload[] = [
  { name: "first create", database: SMALL, disk: {}, run: firstCreate },
  { name: "group commit", database: SMALL, disk: {}, run: groupCommit },
  { name: "checkpoint", database: SMALL, disk: {}, run: checkpoint },
  { name: "growth", database: SMALL, disk: {}, run: growth },
  { name: "page reuse", database: SMALL, disk: {}, run: pageReuse },
  { name: "large value", database: SMALL, disk: {}, run: largeValue },
  { name: "log wrap", database: SMALL, disk: {}, run: logWrap },
  { name: "mixed durability", database: SMALL, disk: {}, run: mixedDurability },
  { name: "reopen", database: SMALL, disk: {}, run: reopen },
  { name: "compaction", database: SMALL, disk: {}, run: compaction },
  { name: "huge transaction", database: SMALL, disk: {}, run: hugeTransaction },
  { name: "drop and create", database: SMALL, disk: {}, run: dropAndCreate },
  { name: "two phase", database: SMALL, disk: {}, run: twoPhase },
  { name: "atomic together", database: SMALL, disk: {}, run: atomicTogether },
  { name: "content store", database: SMALL, disk: {}, run: contentStores },
  { name: "vector", database: SMALL, disk: {}, run: vectorChanges },
  { name: "stepped checkpoint", database: SMALL, disk: {}, run: steppedCheckpoint },
  { name: "wide image", database: WIDE, disk: SLOW, run: wideImage },
  { name: "slow disk", database: SMALL, disk: SLOW, run: groupCommit },
  { name: "no-psow commits", database: SMALL, disk: NO_PSOW, run: groupCommit },
  { name: "no-psow mixed durability", database: SMALL, disk: NO_PSOW, run: mixedDurability },
  { name: "no-psow seals", database: SMALL, disk: NO_PSOW, run: sealedBehindUnsealed },
  { name: "no-psow checkpoint", database: SMALL, disk: NO_PSOW, run: checkpoint },
];
