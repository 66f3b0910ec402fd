/**
 * The list that is kept outside: what a process was heard to acknowledge, and whether what its
 * successor finds agrees with it.
 *
 * @module
 */

import { WORKERS } from "./scene.ts";

/** What is known of a store from outside: how many steps of each worker were acknowledged. */
export class OutsideList {
  /** What must not be. */
  readonly wrong: string[] = [];
  /** Acknowledgements heard. */
  acknowledged = 0;
  /** Steps found that nobody had acknowledged. */
  unacknowledged = 0;
  /** Openings that found a store, all of it right. */
  openings = 0;
  readonly #counts: number[] = Array(WORKERS).fill(0);

  /** Takes in a line of the program, or passes it over. */
  hear(line: string): void {
    const [word, ...rest] = line.split(" ");
    if (word === "wrong") this.wrong.push(line.replaceAll("\\n", "\n      "));
    else if (word === "found") this.#found(rest[0]!.split(",").map(Number));
    else if (word === "ack" || word === "late") this.#acknowledge(Number(rest[0]), Number(rest[1]));
  }

  /** A worker has one step under way at most, so there may be one that nobody was told of. */
  #found(counts: readonly number[]): void {
    const isRight = counts.length === WORKERS && counts.every((count, worker) => {
      const known = this.#counts[worker]!;
      return count === known || count === known + 1;
    });
    if (!isRight) this.wrong.push(`found ${counts} after ${this.#counts} were acknowledged`);
    for (const [worker, count] of counts.entries()) {
      if (count > this.#counts[worker]!) this.unacknowledged++;
      // What a reader has seen must stay.
      this.#counts[worker] = count;
    }
    this.openings++;
  }

  #acknowledge(worker: number, number: number): void {
    if (number !== this.#counts[worker]! + 1) {
      this.wrong.push(`step ${number} of worker ${worker} after step ${this.#counts[worker]}`);
    }
    this.#counts[worker] = number;
    this.acknowledged++;
  }
}
