/**
 * A scene in this process: its steps are noted as those of other processes are.
 *
 * @module
 */

import { type IoAdapter, isHoldfastError } from "../../mod.ts";
import { OutsideList } from "./outside_list.ts";
import { type SceneName, SCENES } from "./scenes.ts";
import { type Scene, WORKERS } from "./scene.ts";

/** A store, opened again and again, with the list of what it has acknowledged. */
export class Stage {
  readonly list: OutsideList = new OutsideList();
  readonly #name: SceneName;
  readonly #io: IoAdapter;
  readonly #folder: string;
  readonly #next: number[] = Array(WORKERS).fill(1);
  #scene: Scene | undefined;

  constructor(name: SceneName, io: IoAdapter, folder: string) {
    this.#name = name;
    this.#io = io;
    this.#folder = folder;
  }

  /** Opens it, which compares everything in it. @throws for what must not be */
  async open(): Promise<void> {
    this.#scene = await SCENES[this.#name](this.#io, this.#folder);
    this.list.hear(`found ${this.#scene.counts}`);
    for (const [worker, count] of this.#scene.counts.entries()) this.#next[worker] = count + 1;
    if (this.list.wrong.length > 0) throw new Error(this.list.wrong.join("\n"));
  }

  /** Takes steps of all workers. @returns the codes of errors; a worker stops at its first. */
  async play(steps: number): Promise<string[]> {
    const scene = this.#scene!;
    const codes: string[] = [];
    await Promise.all(this.#next.map(async (_, worker) => {
      for (let done = 0; done < steps; done++) {
        const number = this.#next[worker]!;
        try {
          await scene.step(worker, number);
          this.list.hear(`ack ${worker} ${number}`);
          this.#next[worker] = number + 1;
          await scene.tend?.(worker, number);
        } catch (error) {
          if (!isHoldfastError(error)) throw error;
          codes.push(error.code);
          break;
        }
      }
    }));
    if (this.list.wrong.length > 0) throw new Error(this.list.wrong.join("\n"));
    return codes;
  }

  /** Closes it. @returns the code of the error, if there was one */
  async close(): Promise<string | undefined> {
    const scene = this.#scene;
    this.#scene = undefined;
    try {
      await scene?.close();
    } catch (error) {
      if (isHoldfastError(error)) return error.code;
      throw error;
    }
  }
}
