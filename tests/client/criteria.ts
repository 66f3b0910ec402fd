/**
 * Counts of a program that checks one thing after the other.
 *
 * @module
 */

/** What is checked; one that throws has failed. */
export class Criteria {
  #passed = 0;
  #failed = 0;

  /** Checks one thing and says how it went. */
  async check(name: string, body: () => Promise<string | void> | string | void): Promise<void> {
    const started = performance.now();
    try {
      const note = await body();
      this.#passed++;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`ok ${name}${note === undefined ? "" : `: ${note}`} (${seconds} s)`);
    } catch (error) {
      this.#failed++;
      console.log(`FAILED ${name}\n${error instanceof Error ? error.stack : error}`);
    }
  }

  /** Prints the closing line; gives the exit code. */
  close(): number {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

/** The name of the runtime that runs this program. */
export function runningRuntime(): "deno" | "bun" | "node" {
  if (process.versions["deno"] !== undefined) return "deno";
  return process.versions["bun"] === undefined ? "node" : "bun";
}
