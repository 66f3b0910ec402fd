/** Endless streams as subjects of the campaigns. Small: each ends within some dozen operations. */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import type { EndlessStream, EndlessStreamOptions } from "../../../mod.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { LogLedger, type Released } from "./log_ledger.ts";
import { LogLife, openLog } from "./log_life.ts";
import { settle } from "../settle.ts";
import {
  DamageFoundError,
  type Death,
  type Recovered,
  type Subject,
  type Witness,
} from "../subject.ts";

/** Something to do with a stream. */
type Step = (life: LogLife) => Promise<void>;

/** A course of steps. */
interface Course {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly disk?: SimulatedDiskOptions;
  readonly options?: EndlessStreamOptions;
  /** What the option `retention` lets go. */
  readonly released?: Released;
}

const SEGMENT_BYTES = 16 * 1024;
const SMALL: EndlessStreamOptions = {
  segmentBytes: SEGMENT_BYTES,
  span: { maxBytes: 60_000 },
  cacheBytes: 0,
};

/** What a batch of one record has besides the record: its header, a length and a kind. */
const BATCH_BYTES = 69;
/** Lengths at which something begins or ends: of records, and of the sectors and pages they fill. */
const EDGES: readonly number[] = [
  0,
  1,
  ...[512, 4096].flatMap((unit) => [unit - 1, unit, unit + 1]),
  ...[512, 4096].flatMap((unit) => [-1, 0, 1].map((by) => unit - BATCH_BYTES + by)),
];

const edge = ({ random }: LogLife): number => EDGES[random.below(EDGES.length)]!;

const small: Step = (life) =>
  life.together(
    ...Array.from(
      { length: 1 + life.random.below(3) },
      () => life.append([life.random.below(300)]),
    ),
  );

const medium: Step = (life) => life.together(life.append([2000 + life.random.below(6000)]));

const edges: Step = (life) => life.together(life.append([edge(life)]), life.append([edge(life)]));

const batch: Step = (life) => {
  const { random } = life;
  return life.together(
    life.append([random.below(40)]),
    life.append([random.below(900), edge(life), 0, random.below(3000)]),
    life.append([1]),
  );
};

const spanning: Step = (life) =>
  life.together(
    life.append([10]),
    life.append([life.spans ? 10_000 + life.random.below(30_000) : 9000]),
    life.append([life.random.below(100)]),
  );

const unsynced: Step = (life) =>
  life.together(
    life.append([life.random.below(500)], "os"),
    life.append([life.random.below(5000)], "os"),
  );

const rolling: Step = (life) =>
  life.together(
    ...Array.from({ length: 3 }, () => life.append([1500 + life.random.below(3000)], "os")),
  );

const tiny: Step = (life) =>
  life.together(
    ...Array.from({ length: 2 }, () => life.append([life.random.below(200)], "os")),
  );

const sync: Step = (life) => life.together(life.sync());

const grow: Step = (life) => life.together(life.log.grow());

const trim: Step = (life) => life.together(life.trim());

const trimAll: Step = (life) => life.together(life.trim(life.log.end));

const cursor: Step = (life) =>
  life.together(life.cursor(`c${life.random.below(2)}`), life.append([life.random.below(60)]));

const drop: Step = (life) => life.together(life.drop("c0"), life.cursor("c2"));

const close: Step = (life) => life.close();

/** Of a second life: as `cursor`, but for a cursor that keeps what is read. */
const advance: Step = (life) => life.together(life.cursor("reader"));

const all: readonly Step[] = [
  small,
  medium,
  edges,
  batch,
  spanning,
  unsynced,
  rolling,
  sync,
  grow,
  tiny,
  trim,
  trimAll,
  cursor,
  drop,
  close,
];

const courses: readonly Course[] = [
  { name: "append", steps: [edges, small, edges, medium, edges, small, edges] },
  { name: "batch", steps: [medium, batch, medium, batch, small, batch] },
  {
    name: "roll",
    steps: [medium, medium, small, medium, medium, edges],
    options: { span: "never" },
  },
  { name: "span", steps: [small, spanning, spanning, small] },
  { name: "grow", steps: [grow, small, grow, medium, medium, medium, grow, spanning] },
  { name: "trim", steps: [medium, medium, medium, trim, medium, small, trim, spanning, trim] },
  {
    name: "trim all",
    steps: [medium, medium, trimAll, medium, medium, trimAll, rolling, trimAll, spanning, trimAll],
  },
  { name: "cursor", steps: [small, cursor, cursor, medium, medium, cursor, drop, medium, trim] },
  {
    name: "retention by cursors",
    steps: [advance, medium, medium, advance, medium, advance, medium, medium],
    options: { retention: { cursors: true } },
    released: "cursors",
  },
  {
    name: "retention by bytes",
    steps: [medium, medium, medium, cursor, spanning, medium, small],
    options: { retention: { bytes: 2 * SEGMENT_BYTES } },
    released: "anything",
  },
  { name: "durability", steps: [unsynced, small, unsynced, unsynced, sync, medium, unsynced] },
  {
    name: "roll without a sync",
    steps: [rolling, rolling, small, rolling, rolling, unsynced],
    options: { span: "never" },
  },
  {
    name: "no reserve",
    steps: [unsynced, rolling, medium, rolling, grow, spanning, rolling, close, unsynced],
    options: { reserve: false },
  },
  {
    name: "no reserve, hostile",
    steps: [rolling, small, unsynced, spanning, rolling],
    options: { reserve: false },
    disk: { profile: "hostile" },
  },
  { name: "reopen", steps: [small, close, medium, close, unsynced, trim, close, batch] },
  { name: "slow", steps: [small, medium, batch, spanning], disk: { syncMilliseconds: 10 } },
  {
    name: "slow durability",
    steps: [small, unsynced, unsynced, medium, unsynced, spanning],
    disk: { syncMilliseconds: 10 },
  },
  {
    name: "no-psow",
    steps: [unsynced, small, batch, unsynced, spanning, trim, small],
    disk: { profile: "no-psow", sectorBytes: 4096 },
  },
  {
    name: "no-psow durability",
    steps: [tiny, tiny, small, tiny, close, tiny, tiny, sync, tiny],
    disk: { profile: "no-psow", sectorBytes: 4096 },
  },
  {
    name: "hostile",
    steps: [small, medium, spanning, trim, batch, small],
    disk: { profile: "hostile" },
  },
  {
    name: "pages",
    steps: [unsynced, edges, rolling, trim, spanning, cursor],
    disk: { profile: "page4k" },
  },
  {
    name: "stale",
    steps: [small, unsynced, spanning, trimAll, rolling, batch],
    disk: { profile: "stale" },
  },
  {
    name: "in order",
    steps: [unsynced, rolling, batch, unsynced, close, tiny, rolling],
    disk: { profile: "prefix" },
  },
];

/** The streams of one course. */
class LogSubject implements Subject {
  readonly name: string;
  readonly structure = "log";
  readonly disk: SimulatedDiskOptions;
  readonly #course: Course;

  constructor(course: Course) {
    this.name = `log: ${course.name}`;
    this.disk = course.disk ?? {};
    this.#course = course;
  }

  async play(disk: SimulatedDisk, random: Prng): Promise<Witness> {
    const options = { ...SMALL, ...this.#course.options };
    const life = new LogLife(disk, random, options, new LogLedger(this.#course.released));
    await life.live(this.#course.steps.map((step) => () => step(life)));
    return new LogWitness(life.ledger, options);
  }
}

class LogWitness implements Witness {
  readonly #ledger: LogLedger;
  readonly #options: EndlessStreamOptions;

  constructor(ledger: LogLedger, options: EndlessStreamOptions) {
    this.#ledger = ledger;
    this.#options = options;
  }

  async judge(disk: SimulatedDisk, death: Death): Promise<Recovered> {
    const log = await openLog(disk, this.#options);
    const count = this.#ledger.match(log, death);
    const { problems } = await settle(disk, log.verify());
    if (problems.length > 0) throw new DamageFoundError(`verify: ${JSON.stringify(problems)}`);
    return {
      content: this.#ledger.contentOf(log),
      proceed: (random) => this.#proceed(disk, random, log, count),
    };
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    await openLog(disk, this.#options);
  }

  async #proceed(
    disk: SimulatedDisk,
    random: Prng,
    log: EndlessStream,
    count: number,
  ): Promise<Witness> {
    const life = new LogLife(disk, random, this.#options, this.#ledger.continued(log), log);
    const lost = this.#ledger.lostAfter(count);
    const steps = Array.from({ length: 3 }, () => all[random.below(all.length)]!);
    await life.live([
      () => lost === undefined ? Promise.resolve() : life.together(life.again(lost)),
      ...steps.map((step) => () => step(life)),
    ]);
    return new LogWitness(life.ledger, this.#options);
  }
}

/** Endless streams. */
export const logSubjects: readonly Subject[] = courses.map((course) => new LogSubject(course));
