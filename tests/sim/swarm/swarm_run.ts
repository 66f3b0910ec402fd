/**
 * One random life of a store on a simulated disk, over power cuts, deaths of its process, faults and
 * reopening: a list of steps, of which any part can be run by itself.
 *
 * @module
 */

import type { Fault, SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { nativeDisk } from "../native_disk.ts";
import { type FaultKind, kindsFor } from "../fault/fault_kinds.ts";
import { anyPolicy } from "../fault/fault_run.ts";
import type { Death } from "../subject.ts";

/** One thing to do. All that is left open about it follows from its seed. */
export interface Step {
  readonly action: string;
  readonly seed: number;
}

/** A store and what is known of it. It outlives deaths: each is followed by `open`. */
export interface SwarmLife {
  /**
   * Opens what is on a disk, reads all of it and compares; takes what it finds for the truth from
   * now on. Beside a wrong state, it throws the errors of the store.
   */
  open(disk: SimulatedDisk, death: Death): Promise<void>;
  /**
   * Does one thing, or begins it. Once the power is gone or a failure was met (`isInTrouble`) what
   * the store answers with a code is passed over; every other error is thrown, here or by `settle`.
   */
  act(action: string, random: Prng): Promise<void>;
  /** Waits until all that was begun has ended. */
  settle(): Promise<void>;
  /**
   * Its process is about to die. `isOrderly`: a sync may have lost what reads still show, so that it
   * must be given the time to say so on the disk, where it needs that.
   */
  halt(isOrderly: boolean): Promise<void>;
  /** Closes it in order. Called when nothing is under way. */
  close(): Promise<void>;
}

/** A kind of store. */
export interface SwarmWorld {
  readonly name: string;
  /** What it does, by weight; a seed switches a random half of it on. */
  readonly actions: Readonly<Record<string, number>>;
  /** What is always on. */
  readonly always: readonly string[];
  /** The beginning of the names of the subjects that promise what it does. Default: none. */
  readonly like?: string;
  /** The beginning of the names of faults that an opening need not survive. Default: none. */
  readonly sparedOpening?: string;
  begin(random: Prng): SwarmLife;
}

/** What is switched on in a seed. */
export interface Switches {
  readonly actions: readonly string[];
  readonly kinds: readonly FaultKind[];
  readonly disk: SimulatedDiskOptions;
}

/** What befalls every store, by weight. */
export const fates: Readonly<Record<string, number>> = {
  "cut the power": 1,
  "kill the process": 1,
  "plan a fault": 2,
  reopen: 1,
};

/** The store may fail, and say so with a code. */
export function isInTrouble(disk: SimulatedDisk): boolean {
  return disk.isDark || disk.injected > 0;
}

/** Passes over the errors of a store in trouble; throws all others. */
export function forgive(disk: SimulatedDisk, error: unknown): void {
  if (!isHoldfastError(error) || error.code === "INVARIANT" || !isInTrouble(disk)) throw error;
}

/** Steps that a store in trouble still takes, at most. */
const LAST_STEPS = 6;

/** Recoveries in a row that may fail before one is left in peace. */
const RECOVERIES = 3;

/** Runs some steps from an empty disk on. */
export class SwarmRun {
  readonly #life: SwarmLife;
  readonly #world: SwarmWorld;
  readonly #switches: Switches;
  #disk: SimulatedDisk;
  #required: Death = "process";
  /** A fault is planned on this disk that may lose what was only handed over. */
  #isLossPlanned = false;
  #stepsLeft = Infinity;
  /** Stores opened and compared. */
  states = 0;
  /** Calls that failed as planned. */
  injected = 0;
  readonly #events: string[] = [];

  constructor(world: SwarmWorld, switches: Switches, seed: number) {
    this.#world = world;
    this.#switches = switches;
    this.#disk = nativeDisk(switches.disk, seed);
    this.#life = world.begin(new Prng(seed).fork("world"));
  }

  /** Throws at the first wrong answer. */
  async run(steps: readonly Step[]): Promise<void> {
    await this.#life.open(this.#disk, "power");
    for (const step of steps) await this.#step(step);
    const last = new Prng(steps.length);
    await this.#die("process", last);
    await this.#die("power", last);
  }

  /** For people: what happened, and the operations of the disk. */
  trace(): string[] {
    return [...this.#events, ...this.#disk.trace()];
  }

  async #step(step: Step): Promise<void> {
    const random = new Prng(step.seed);
    const disk = this.#disk;
    this.#events.push(`at ${disk.operations}: ${step.action}, ${step.seed}`);
    switch (step.action) {
      case "cut the power":
        disk.cutAt(disk.operations + random.below(25));
        break;
      case "kill the process":
        return await this.#die("process", random);
      case "plan a fault":
        this.#plan(disk, random, 12);
        break;
      case "reopen":
        return await this.#reopen(random);
      default:
        await this.#life.act(step.action, random);
    }
    if (!isInTrouble(disk)) return;
    if (disk.isDark) return await this.#die("power", random);
    this.#stepsLeft = Math.min(this.#stepsLeft - 1, random.below(LAST_STEPS));
    if (this.#stepsLeft <= 0) await this.#die(random.below(2) === 0 ? "power" : "process", random);
  }

  async #reopen(random: Prng): Promise<void> {
    const disk = this.#disk;
    try {
      await this.#life.settle();
      if (isInTrouble(disk)) return await this.#die("process", random);
      await this.#life.close();
      await this.#life.open(disk, "process");
      this.states++;
    } catch (error) {
      forgive(disk, error);
      await this.#die("process", random);
    }
  }

  #plan(disk: SimulatedDisk, random: Prng, below: number, spared?: string): void {
    const { kinds } = this.#switches;
    if (kinds.length === 0) return;
    const kind = kinds[random.below(kinds.length)]!;
    const fault: Fault = { ...kind.fault, at: random.below(below) };
    if (spared !== undefined && kind.name.startsWith(spared)) return;
    if (kind.afterDeath === "durable") {
      this.#required = "power";
      this.#isLossPlanned = true;
    }
    // One at a time: what holds after two that meet is promised by nobody.
    disk.heal();
    disk.fail(fault);
    this.#events.push(`  ${kind.name}, call ${fault.at}`);
  }

  /** Ends the present life, and opens what is left of it until that succeeds. */
  async #die(first: Death, random: Prng): Promise<void> {
    await this.#life.halt(this.#required === "power");
    this.#stepsLeft = Infinity;
    let death = this.#disk.isDark ? "power" : first;
    for (let attempt = 0;; attempt++) {
      this.#fall(death, random);
      const disk = this.#disk;
      if (attempt < RECOVERIES && random.below(4) === 0) disk.cutAt(random.below(12));
      if (attempt < RECOVERIES && random.below(5) === 0) {
        this.#plan(disk, random, 8, this.#world.sparedOpening);
      }
      try {
        await this.#life.open(disk, this.#required);
        this.states++;
        if (disk.injected === 0 && !this.#isLossPlanned) this.#required = "process";
        return;
      } catch (error) {
        forgive(disk, error);
      }
      death = disk.isDark || random.below(2) === 0 ? "power" : "process";
    }
  }

  #fall(death: Death, random: Prng): void {
    const disk = this.#disk;
    disk.heal();
    this.#isLossPlanned = false;
    this.injected += disk.injected;
    if (death === "process") {
      this.#disk = disk.processDeath();
      this.#events.push(`at ${disk.operations}: the process dies`);
      return;
    }
    this.#required = "power";
    const policy = anyPolicy(disk, random);
    this.#disk = disk.crash(policy);
    this.#events.push(`at ${disk.operations}: the power goes`, ...disk.describe(policy));
  }
}

/** Draws what a seed switches on: a random half. */
export function drawSwitches(world: SwarmWorld, random: Prng): Switches {
  const isOn = (): boolean => random.below(2) === 0;
  const actions = Object.keys({ ...world.actions, ...fates })
    .filter((action) => world.always.includes(action) || isOn());
  const profiles = ["sector512", "page4k", "hostile", "no-psow", "prefix", "stale"] as const;
  const profile = profiles[random.below(profiles.length)]!;
  const kinds = kindsFor(world.like ?? "").filter(({ afterPower }) =>
    afterPower === "durable" && isOn()
  );
  // A checkpoint of a slow disk pauses between writes, and commits go on.
  const slow = isOn() ? { syncMilliseconds: 5, writeMilliseconds: 1 } : {};
  return { actions, kinds, disk: { profile, ...slow } };
}

/** Draws steps among what is switched on. */
export function drawSteps(
  world: SwarmWorld,
  { actions }: Switches,
  count: number,
  random: Prng,
): Step[] {
  const weights = { ...world.actions, ...fates };
  const all = actions.flatMap((action) => Array<string>(weights[action] ?? 1).fill(action));
  return Array.from({ length: count }, () => ({
    action: all[random.below(all.length)]!,
    seed: random.next(),
  }));
}
