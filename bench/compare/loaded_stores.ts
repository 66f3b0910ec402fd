/**
 * The stores that the last round of the load leaves behind, and what is measured on them.
 *
 * @module
 */

import { join } from "node:path";
import { interleave } from "../interleave.ts";
import { OURS } from "../report.ts";
import { createFolder, occupiedBytes, removeFolder } from "../run_folder.ts";
import type { Contestant, ContestantModule, Durability } from "./contestant.ts";
import type { Runner } from "./contestants.ts";
import { runnersOf } from "./contestants.ts";
import { MixedWorkload } from "./mixed.ts";
import type { Settings } from "./settings.ts";
import { SINGLE_GETS } from "./targets.ts";
import * as workload from "./workload.ts";

/** Contestant name to its figure of every counted round. */
export type Rounds = Record<string, number[]>;

/** One store of each contestant, all with the same entries. */
export class LoadedStores {
  readonly #runners: readonly Runner[];
  readonly #folder: string;
  readonly #settings: Settings;
  readonly #keyBytes: Uint8Array;
  readonly #stores: Map<Runner, Contestant> = new Map<Runner, Contestant>();
  readonly #mixed: Map<Runner, MixedWorkload> = new Map<Runner, MixedWorkload>();
  /** Of the first scan; every other one must see the same. */
  #hash: number | undefined;

  constructor(runners: readonly Runner[], folder: string, settings: Settings) {
    this.#runners = runners;
    this.#folder = folder;
    this.#settings = settings;
    this.#keyBytes = workload.randomBytes(1, settings.entries * workload.KEY_BYTES);
    for (const runner of runners) this.#mixed.set(runner, new MixedWorkload(this.#keyBytes));
  }

  /** Each round fills fresh stores; those of the last one stay open. Only durable loads count. */
  async load(): Promise<Rounds> {
    const { entries, loadRounds } = this.#settings;
    const warmUp = this.#keyBytes.subarray(0, Math.ceil(entries / 20) * workload.KEY_BYTES);
    const rates = await interleave("load", this.#runners, loadRounds, async (runner, round) => {
      const directory = createFolder(this.#folder, runner.name, `load${round}`);
      const store = await runner.module.open(directory, safest(runner.module));
      const rate = await workload.load(store, round < 0 ? warmUp : this.#keyBytes);
      if (round === loadRounds - 1) {
        this.#stores.set(runner, store);
      } else {
        await store.close();
        removeFolder(directory);
      }
      return rate;
    });
    const durable = runnersOf(this.#runners, "disk").map(({ name }) => name);
    return Object.fromEntries(durable.map((name) => [name, rates[name]!]));
  }

  /** Gets of one key and of 32 a call take turns, too: the one is a target of the other. */
  async get(): Promise<{ single: Rounds; many: Rounds }> {
    const { gets, rounds } = this.#settings;
    const turns = this.#runners.flatMap((runner) => {
      const store = this.#stores.get(runner)!;
      const single = { name: runner.name, store, isMany: false };
      if (store.getMany === undefined) return [single];
      return [single, { name: `${runner.name}, many`, store, isMany: true }];
    });
    const rates = await interleave("get", turns, rounds, ({ store, isMany }, round) => {
      const get = isMany ? workload.getManyRandom : workload.getRandom;
      return get(store, this.#keyBytes, 3000 + round, gets);
    });
    const single: Rounds = {};
    const many: Rounds = {};
    for (const { name } of this.#runners) {
      single[name] = rates[name]!;
      const several = rates[`${name}, many`];
      if (several !== undefined) many[name] = several;
    }
    if (single[OURS] !== undefined) many[SINGLE_GETS] = single[OURS];
    return { single, many };
  }

  scan(): Promise<Rounds> {
    return interleave("scan", this.#runners, this.#settings.rounds, (runner) => this.#scan(runner));
  }

  /** Bytes on disk after a close, in MB. */
  async size(): Promise<Rounds> {
    const sizes: Rounds = {};
    await this.#close();
    for (const runner of this.#runners) {
      sizes[runner.name] = [occupiedBytes(this.#directory(runner)) / 1e6];
    }
    return sizes;
  }

  /** Opens the stores again and reads all there is, which proves them whole and warms them up. */
  async mix(durability: Durability, label: string, seed: number): Promise<Rounds> {
    const { mixed, rounds } = this.#settings;
    const runners = runnersOf(this.#runners, durability);
    for (const runner of runners) {
      const store = await runner.module.open(this.#directory(runner), durability);
      this.#stores.set(runner, store);
      await this.#count(runner);
    }
    const rates = await interleave(label, runners, rounds, (runner, round) => {
      const store = this.#stores.get(runner)!;
      return this.#mixed.get(runner)!.run(store, seed + round, mixed);
    });
    await this.#close();
    return rates;
  }

  #directory({ name }: Runner): string {
    return join(this.#folder, name, `load${this.#settings.loadRounds - 1}`);
  }

  async #scan(runner: Runner): Promise<number> {
    const { rate, result } = await workload.scanAll(this.#stores.get(runner)!);
    this.#hash ??= result.hash;
    if (result.entries !== this.#settings.entries || result.hash !== this.#hash) {
      throw new Error(`${runner.name} scanned other entries, or another order, than the others`);
    }
    return rate;
  }

  async #count(runner: Runner): Promise<void> {
    const { result } = await workload.scanAll(this.#stores.get(runner)!);
    if (result.entries !== this.#settings.entries) {
      throw new Error(`${runner.name} lost entries when it was closed`);
    }
  }

  async #close(): Promise<void> {
    for (const store of this.#stores.values()) await store.close();
    this.#stores.clear();
  }
}

/** The durability that a store is loaded with. */
function safest({ durabilities }: ContestantModule): Durability {
  return durabilities.includes("disk") ? "disk" : "os";
}
