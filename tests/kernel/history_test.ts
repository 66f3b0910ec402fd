/**
 * Random histories of interleaved transactions, each judged by `history_model.ts` after all have
 * ended: what was read, which commits were refused, and that those of serializable transactions
 * equal one after the other. HISTORIES=10 runs ten times as many.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { codec, Database, index, type Isolation, recordLog, type Transaction } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { Prng } from "../../src/base/prng.ts";
import { commit, LEVELS } from "./isolation_matrix.ts";
import {
  apply,
  type Deed,
  EVERYTHING,
  headOf,
  type Life,
  logKey,
  type Model,
  outcomeOf,
  replay,
  type Walk,
  wordsOf,
} from "./history_model.ts";

const SEEDS = 4 * Number(process.env["HISTORIES"] ?? 1);
/** Histories of one database, each from where the one before ended. */
const ROUNDS = 50;
const STEPS = 60;
const OPEN_MAX = 4;
const KEYS = 7;
const DURABILITIES = ["memory", "os", "disk"] as const;

const words = index("words", { key: codec.string, value: codec.u32 });
const audit = recordLog("audit");

/** A transaction under way. */
interface Open {
  readonly tx: Transaction;
  readonly life: Life;
  readonly savepoints: ReturnType<Transaction["savepoint"]>[];
}

/** What plain reads showed, and between which commits that must be. */
interface Sight {
  readonly seen: Model;
  readonly atLeast: number;
  readonly atMost: number;
}

/** How often things happened: a test that never conflicts shows nothing. */
interface Tally {
  histories: number;
  committed: number;
  refused: number;
  /** Serializable commits that were refused although nobody had changed what they change. */
  reads: number;
}

function drawWalk(random: Prng): Walk {
  const from = random.below(KEYS);
  const bounds: { gte?: string; lt?: string } = {};
  if (random.below(2) === 0) bounds.gte = `w${from}`;
  if (random.below(2) === 0) bounds.lt = `w${from + 1 + random.below(4)}`;
  return {
    ...bounds,
    reverse: random.below(3) === 0,
    limit: random.below(2) === 0 ? Infinity : 1 + random.below(3),
  };
}

function drawDeed(random: Prng, value: number): Deed {
  const key = `w${random.below(KEYS)}`;
  const draw = random.below(100);
  if (draw < 22) return { kind: "get", key };
  if (draw < 27) return { kind: "has", key };
  if (draw < 57) return { kind: "put", key, value };
  if (draw < 67) return { kind: "remove", key };
  if (draw < 77) return { kind: "walk", walk: drawWalk(random) };
  if (draw < 81) return { kind: "count" };
  if (draw < 87) return { kind: "append", value };
  if (draw < 90) return { kind: "head" };
  return { kind: draw < 95 ? "savepoint" : "rollback" };
}

function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

function carryOut({ tx, savepoints }: Open, deed: Deed): unknown {
  const table = tx.open(words);
  switch (deed.kind) {
    case "get":
      return table.get(deed.key);
    case "has":
      return table.has(deed.key);
    case "put":
      return table.put(deed.key, deed.value);
    case "remove":
      return table.remove(deed.key);
    case "append":
      return tx.open(audit).append(u32(deed.value));
    case "walk": {
      const { limit, ...bounds } = deed.walk;
      return [...table.range(limit === Infinity ? bounds : { ...bounds, limit })];
    }
    case "count":
      return table.count();
    case "head":
      return tx.open(audit).head();
    case "savepoint":
      savepoints.push(tx.savepoint());
      return;
    case "rollback":
      savepoints.at(-1)!.rollback();
      return;
  }
}

function readModel(db: Database): Model {
  const model = new Map<string, number>(db.open(words).range());
  for (const { offset, bytes } of db.open(audit).read()) {
    model.set(logKey(offset), new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
  }
  return model;
}

function sorted(model: Model): [string, number][] {
  return [...model].sort(([a], [b]) => a < b ? -1 : 1);
}

/** One history. @returns the state that it ends with */
async function runHistory(
  db: Database,
  random: Prng,
  base: Model,
  level: Isolation | undefined,
  tally: Tally,
): Promise<Model> {
  const open: Open[] = [];
  const lives: Life[] = [];
  const sights: Sight[] = [];
  const running: Promise<void>[] = [];
  let commits = 0;
  let acknowledged = 0;
  const end = ({ tx, life }: Open, how: "commit" | "rollback"): void => {
    lives.push(life);
    if (how === "rollback") return tx.rollback();
    life.ended = commits++;
    const place = commits;
    running.push(
      commit(tx).then((outcome) => {
        life.outcome = outcome;
        if (outcome === "ok") acknowledged = Math.max(acknowledged, place);
      }),
    );
  };
  for (let step = 0; step < STEPS; step++) {
    const draw = random.below(100);
    if (open.length === 0 || (draw < 18 && open.length < OPEN_MAX)) {
      const isolation = level ?? LEVELS[random.below(LEVELS.length)]!;
      const durability = DURABILITIES[random.below(3)]!;
      const life: Life = { isolation, begun: commits, deeds: [], ended: undefined, outcome: "" };
      open.push({ tx: db.begin({ isolation, durability }), life, savepoints: [] });
    } else if (draw < 78) {
      const each = open[random.below(open.length)]!;
      const deed = drawDeed(random, step + 1000 * tally.histories);
      if (deed.kind === "rollback" && each.savepoints.length === 0) continue;
      each.life.deeds.push({ deed, answer: carryOut(each, deed), position: commits });
    } else if (draw < 92) {
      end(open.splice(random.below(open.length), 1)[0]!, random.below(12) ? "commit" : "rollback");
    } else if (draw < 94) {
      await new Promise<void>((resolve) => db.io.nextTurn(resolve));
    } else if (draw < 95) {
      await running.at(-1);
    } else if (draw < 96) {
      running.push(db.checkpoint());
    } else {
      sights.push({ seen: readModel(db), atLeast: acknowledged, atMost: commits });
    }
  }
  for (const each of open) end(each, "commit");
  await Promise.all(running);
  tally.histories++;
  return judge(db, base, lives, sights, tally);
}

function judge(
  db: Database,
  base: Model,
  lives: readonly Life[],
  sights: readonly Sight[],
  tally: Tally,
): Model {
  const states: Model[] = [base];
  const committed: ReadonlySet<string>[] = [];
  const see = (position: number): Model => states[position]!;
  const ended = lives.filter((life) => life.ended !== undefined);
  for (const life of ended.sort((a, b) => a.ended! - b.ended!)) {
    const place = life.ended!;
    const isLive = life.isolation !== "snapshot" && life.isolation !== "serializable";
    const { answers, changes } = replay(life, isLive ? see : () => see(life.begun));
    try {
      assert.deepEqual(life.deeds.map(({ answer }) => answer), answers, "reads");
      const expected = outcomeOf(life, changes, committed);
      if (expected !== undefined) assert.equal(life.outcome, expected);
      else if (life.outcome === "CONFLICT") tally.reads++;
      if (life.outcome === "ok" && life.isolation === "serializable" && changes.length > 0) {
        const serial = replay(life, () => see(place));
        assert.deepEqual(serial.answers, answers, "reads in the serial order");
      }
    } catch (cause) {
      throw new Error(JSON.stringify(life), { cause });
    }
    const isDone = life.outcome === "ok";
    if (isDone) tally.committed++;
    else tally.refused++;
    committed.push(new Set(isDone ? changes.map(({ key }) => key) : []));
    states.push(isDone ? apply(see(place), changes) : see(place));
  }
  for (const life of lives) {
    if (life.ended !== undefined || life.isolation === "last-win") continue;
    const isLive = life.isolation.startsWith("version");
    const { answers } = replay(life, isLive ? see : () => see(life.begun));
    assert.deepEqual(life.deeds.map(({ answer }) => answer), answers, "reads of a rollback");
  }
  for (const { seen, atLeast, atMost } of sights) {
    const shown = JSON.stringify(sorted(seen));
    const isState = states.slice(atLeast, atMost + 1)
      .some((state) => JSON.stringify(sorted(state)) === shown);
    assert.ok(isState, `plain reads show ${shown}, which is no state of that time`);
  }
  const last = states.at(-1)!;
  assert.deepEqual(sorted(readModel(db)), sorted(last), "what is left");
  assert.equal(db.open(words).count(), wordsOf(last, EVERYTHING).length);
  assert.equal(db.open(audit).head(), headOf(last));
  return last;
}

async function runSeed(level: Isolation | undefined, seed: number): Promise<void> {
  const tally: Tally = { histories: 0, committed: 0, refused: 0, reads: 0 };
  const random = new Prng(seed).fork(level ?? "mixed");
  const options = { io: memoryIo(), logBytes: 256 * 1024 };
  let db = await Database.open("/history.hold", options);
  let model: Model = new Map();
  // To create a structure is to change something: nobody is to do it by reading.
  await db.update((tx) => [tx.open(words), tx.open(audit)]);
  for (let round = 0; round < ROUNDS; round++) {
    model = await runHistory(db, random, model, level, tally);
    if (round % 10 !== 9) continue;
    assert.deepEqual((await db.check()).problems, []);
    await db.close();
    db = await Database.open("/history.hold", options);
    assert.deepEqual(sorted(readModel(db)), sorted(model), "after reopening");
  }
  await db.close();
  assert.ok(tally.committed > ROUNDS, JSON.stringify(tally));
  assert.ok(level === "last-win" || tally.refused > ROUNDS / 2, JSON.stringify(tally));
  if (level === "serializable") assert.ok(tally.reads > 0, JSON.stringify(tally));
}

for (const level of [...LEVELS, undefined]) {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const name = level ?? "all levels";
    test(`Isolation: random histories at ${name} are what the level says, seed ${seed}`, async () => {
      await runSeed(level, seed);
    });
  }
}
