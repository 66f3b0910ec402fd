/**
 * A store whose owners meet failing system calls: each must be told with the right code, go no
 * further with a handle that a failed write or sync has poisoned, and leave everything that was
 * acknowledged to the next one.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prng } from "../../src/base/prng.ts";
import type { Runtime } from "../tools/runtimes.ts";
import { Child } from "./child.ts";
import {
  describeInjection,
  drawInjection,
  injectedCalls,
  type Injection,
  injectWords,
} from "./injection.ts";
import { PROGRAM } from "./kill_chain.ts";
import { OutsideList } from "./outside_list.ts";
import type { SceneName } from "./scenes.ts";
import type { Tally } from "./tally.ts";

/** How long a process may take, milliseconds. */
const PATIENCE_MS = 40_000;

/** Runs after which the store is read without failures, and a new one begun. */
const LIFE_RUNS = 5;

/** What a run told. */
interface Told {
  readonly word: string;
  readonly code: string;
}

/** A succession of owners of one store. */
export class StrainChain {
  readonly #scene: SceneName;
  readonly #tally: Tally;
  #folder: string | undefined;
  #list = new OutsideList();
  #runs: string[] = [];
  /** What the last process said. */
  #told: Told[] = [];

  constructor(scene: SceneName, tally: Tally) {
    this.#scene = scene;
    this.#tally = tally;
  }

  /** One owner who meets a failure. */
  async run(runtime: Runtime, random: Prng): Promise<void> {
    const injection = drawInjection(random);
    const folder = this.#folder ??= mkdtempSync(join(tmpdir(), `holdfast-strain-`));
    const log = `${folder}.log`;
    const told = this.#told = [] as Told[];
    const wrap = injectWords(injection, this.#scene, folder, log);
    const child = await this.#play(runtime, "strain", wrap, (line) => {
      const [word = "", ...rest] = line.split(" ");
      told.push({ word, code: rest.at(-1) ?? "" });
    });
    const { signal } = await child.ended;
    const isKilled = injection.mishap === "SIGKILL" && signal === "SIGKILL";
    if (!isKilled) await this.#expectEnd(child);
    const injected = isKilled ? 1 : injectedCalls(log);
    rmSync(log, { force: true });
    this.#runs.push(`${runtime.name}: ${describeInjection(injection)} (${injected} times)`);
    this.#tally.add(runtime, "met a failure", injected > 0 ? 1 : 0);
    if (injected > 0 && !isKilled) this.#judgeTold(injection, injected, told);
    const isRight = this.#isRight(child);
    this.#tally.count(runtime, isRight);
    if (isRight && this.#runs.length >= LIFE_RUNS) await this.finish(runtime);
  }

  /** Reads what is left, without failures. */
  async finish(runtime: Runtime): Promise<void> {
    if (this.#folder === undefined) return;
    const openings = this.#list.openings;
    const child = await this.#play(runtime, "check", [], () => {});
    await this.#expectEnd(child);
    if (this.#list.openings === openings) this.#list.wrong.push("it could not be opened again");
    if (!this.#isRight(child)) return this.#tally.count(runtime, false);
    this.#begin();
  }

  async #play(
    runtime: Runtime,
    task: string,
    wrap: readonly string[],
    hear: (line: string) => void,
  ): Promise<Child> {
    const child = Child.start(runtime, PROGRAM, [this.#scene, this.#folder!, task], {
      wrap,
      // The calls of one thread are counted by themselves.
      env: { UV_THREADPOOL_SIZE: "1" },
      onLine: (line) => {
        this.#list.hear(line);
        hear(line);
      },
    });
    if (!await child.within(PATIENCE_MS)) this.#list.wrong.push("it does not end");
    return child;
  }

  async #expectEnd(child: Child): Promise<void> {
    const { code } = await child.ended;
    if (code !== 0) this.#list.wrong.push(`it ended with ${code}: ${child.errors}`);
  }

  #judgeTold({ calls, mishap, code }: Injection, injected: number, told: readonly Told[]): void {
    const { wrong } = this.#list;
    const failures = told.filter(({ word, code }) => {
      return ["fail", "probe", "refused"].includes(word) || word === "closed" && code !== "ok";
    });
    const first = failures[0];
    // What was not needed may fail unseen: a draft that could not be removed.
    if (first === undefined) {
      // The next segment of a stream is made before anybody needs it, and a longer log is a
      // convenience that a full disk does without.
      const isNeeded = this.#scene !== "endless" &&
        (calls === "fdatasync" || calls === "pwrite64" && code !== "NO_SPACE");
      if (isNeeded) wrong.push("nobody was told of the failure");
      return;
    }
    const cause = first.code.split("<").at(-1);
    if (cause !== code) wrong.push(`the first to be told was told ${first.code}, not ${code}`);
    // A write may be one of zeros that makes the file longer: the change that needs it fails alone.
    const isPoison = calls === "fdatasync" && mishap === "EIO" && this.#scene !== "endless" &&
      (this.#scene !== "journal" || injected === 1);
    if (!isPoison || first.word !== "fail") return;
    if (told.some(({ word }) => word === "late")) wrong.push("it went on after the failure");
    for (const probe of told.filter(({ word }) => word === "probe")) {
      if (!probe.code.startsWith("POISONED")) wrong.push(`after the failure it is ${probe.code}`);
    }
  }

  #isRight(child: Child): boolean {
    const { wrong } = this.#list;
    if (wrong.length === 0) return true;
    console.log(`FAILED: ${this.#scene}, on ${child.runtime.name}, see ${this.#folder}`);
    for (const run of this.#runs) console.log(`    ${run}`);
    console.log(
      `    the last one told: ${this.#told.map(({ word, code }) => `${word} ${code}`).join("; ")}`,
    );
    for (const what of wrong.slice(0, 5)) console.log(`    ${what}`);
    this.#folder = undefined;
    this.#begin();
    return false;
  }

  #begin(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
    this.#list = new OutsideList();
    this.#runs = [];
  }
}
