/**
 * A store through the deaths of its owners: each process reads and compares everything, goes on
 * writing, and is killed at a random moment; the next one, mostly of another runtime, is its judge.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prng } from "../../src/base/prng.ts";
import type { Runtime } from "../tools/runtimes.ts";
import { Child } from "./child.ts";
import { OutsideList } from "./outside_list.ts";
import { pause } from "./patience.ts";
import type { SceneName } from "./scenes.ts";
import type { Tally } from "./tally.ts";

/** How long a process may take to open, to write what is wanted, or to end, milliseconds. */
const PATIENCE_MS = 30_000;

/** A store is begun anew after so many rounds at most: what is read each time must not grow for ever. */
const LIFE_ROUNDS = 30;

/** The program that works on scenes. */
export const PROGRAM = "tests/system/program.ts";

/** A succession of owners of something, each killed. */
export interface Chain {
  /** What it is about. */
  readonly name: string;
  /** One owner, until it is killed. Judges those before, as far as it comes. */
  round(runtime: Runtime, random: Prng): Promise<void>;
  /** Judges what is left to be judged, and removes the store. */
  finish(runtime: Runtime): Promise<void>;
}

/** The chain of a scene. */
export class KillChain implements Chain {
  readonly name: SceneName;
  readonly #tally: Tally;
  #folder: string | undefined;
  #list = new OutsideList();
  /** How many are left for this store. */
  #rounds = 0;
  /** Those that were killed and not judged yet. */
  #pending: Runtime[] = [];

  constructor(name: SceneName, tally: Tally) {
    this.name = name;
    this.#tally = tally;
  }

  async round(runtime: Runtime, random: Prng): Promise<void> {
    if (this.#rounds === 0) await this.finish(runtime);
    if (this.#folder === undefined) this.#rounds = 1 + random.below(LIFE_ROUNDS);
    this.#rounds--;
    const acknowledged = this.#list.acknowledged;
    const child = this.#start(runtime, "write");
    const timer = setTimeout(() => this.#fail(child, "took too long"), PATIENCE_MS);
    await this.#moment(child, random);
    clearTimeout(timer);
    await child.kill();
    this.#pending.push(runtime);
    this.#tally.add(runtime, "acknowledged", this.#list.acknowledged - acknowledged);
    this.#judge(child);
  }

  async finish(runtime: Runtime): Promise<void> {
    if (this.#folder === undefined) return;
    const child = this.#start(runtime, "check");
    if (!await child.within(PATIENCE_MS)) this.#list.wrong.push("no end of a check");
    const { code } = await child.ended;
    if (code !== 0) this.#list.wrong.push(`a check ended with ${code}\n${child.errors}`);
    this.#judge(child);
    this.#begin();
  }

  #start(runtime: Runtime, task: "write" | "check"): Child {
    this.#folder ??= mkdtempSync(join(tmpdir(), `holdfast-kill-${this.name}-`));
    const openings = this.#list.openings;
    return Child.start(runtime, PROGRAM, [this.name, this.#folder, task], {
      onLine: (line) => {
        this.#list.hear(line);
        if (this.#list.openings === openings || this.#list.wrong.length > 0) return;
        for (const killed of this.#pending.splice(0)) this.#tally.count(killed, true);
      },
    });
  }

  /** Waits for the moment of the kill: some acknowledgements, some time, or while it opens. */
  async #moment(child: Child, random: Prng): Promise<void> {
    const kind = random.below(5);
    if (kind === 0) {
      await child.line(/^opening/);
      await pause(random.below(12));
      this.#tally.add(child.runtime, "killed while opening", 1);
      return;
    }
    if (kind === 1) {
      await child.line(/^found/);
      await pause(random.below(40));
      return;
    }
    const wanted = this.#list.acknowledged + 1 + random.below(kind === 2 ? 200 : 20);
    // The next line is soon enough: each is one acknowledgement.
    while (this.#list.acknowledged < wanted && await child.line(/^/) !== undefined);
    await pause(random.below(3));
  }

  #fail(child: Child, what: string): void {
    this.#list.wrong.push(`${what}\n${child.errors}`);
    child.signal("SIGKILL");
  }

  /** A store that is wrong is kept to be looked at, and another one begun. */
  #judge(child: Child): void {
    const { wrong } = this.#list;
    if (wrong.length === 0) return;
    const { name } = child.runtime;
    console.log(`FAILED: ${this.name}, opened by ${name}, see ${this.#folder}`);
    console.log(`    killed before: ${this.#pending.map((killed) => killed.name)}`);
    for (const what of wrong.slice(0, 5)) console.log(`    ${what}`);
    for (const killed of this.#pending) this.#tally.count(killed, false);
    if (this.#pending.length === 0) this.#tally.count(child.runtime, false);
    this.#pending = [];
    this.#folder = undefined;
    this.#begin();
  }

  #begin(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
    this.#list = new OutsideList();
    this.#rounds = 0;
  }
}
