/**
 * What the rounds of each runtime came to.
 *
 * @module
 */

import type { Runtime, RuntimeName } from "../tools/runtimes.ts";

interface Row {
  readonly runtime: Runtime;
  passed: number;
  failed: number;
  readonly facts: Map<string, number>;
}

/** Counts by runtime. */
export class Tally {
  readonly #rows: Map<RuntimeName, Row> = new Map();

  /** A round of a runtime was judged. */
  count({ name }: Runtime, isRight: boolean): void {
    const row = this.#rows.get(name)!;
    if (isRight) row.passed++;
    else row.failed++;
  }

  /** Adds to a number that is shown beside the rounds. */
  add({ name }: Runtime, fact: string, amount: number): void {
    const { facts } = this.#rows.get(name)!;
    facts.set(fact, (facts.get(fact) ?? 0) + amount);
  }

  /** Begins the row of a runtime. */
  begin(runtime: Runtime): void {
    this.#rows.set(runtime.name, { runtime, passed: 0, failed: 0, facts: new Map() });
  }

  get passed(): number {
    return [...this.#rows.values()].reduce((sum, row) => sum + row.passed, 0);
  }

  get failed(): number {
    return [...this.#rows.values()].reduce((sum, row) => sum + row.failed, 0);
  }

  /** What passed, by runtime. */
  byRuntime(): Record<string, number> {
    return Object.fromEntries([...this.#rows].map(([name, { passed }]) => [name, passed]));
  }

  /** A line for each runtime. */
  lines(): string[] {
    return [...this.#rows.values()].map(({ runtime, passed, failed, facts }) => {
      const rest = [...facts].map(([fact, amount]) => `; ${amount} ${fact}`).join("");
      return `on ${runtime.name} ${runtime.version}: ${passed} passed, ${failed} failed${rest}`;
    });
  }
}
