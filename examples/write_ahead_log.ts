/**
 * A write-ahead log for somebody else's program: here a counter of words that lives in memory and in
 * a file it writes now and then. Every change goes to the log first; after a crash the log is replayed
 * on top of the file; a checkpoint moves a cursor and trims what is no longer needed.
 *
 * The log is on a simulated disk here, so that its power can be cut; without `io` it is a folder.
 */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { EndlessStream } from "@holdfast/holdfast";
import { SimulatedDisk } from "@holdfast/holdfast/adapters/simulated";

const encode = (word: string): Uint8Array => new TextEncoder().encode(word);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

let disk = new SimulatedDisk();

/** The program: all it wants is to be told again what it has not saved. */
class WordCount {
  readonly counts: Map<string, number> = new Map();
  #log!: EndlessStream;

  static async open(): Promise<WordCount> {
    const program = new WordCount();
    const log = program.#log = await EndlessStream.open("/words", { io: disk.io });
    const saved = log.cursor("saved") ?? 0;
    if (saved > 0) {
      const { upTo, counts } = JSON.parse(readFileSync(`words-${saved}.json`, "utf8"));
      console.log(`loaded the file: ${upTo} changes`);
      for (const [word, count] of counts) program.counts.set(word, count);
    }
    for await (const { offset, bytes } of log.read({ from: saved })) {
      console.log(`replayed change ${offset}: ${decode(bytes)}`);
      program.#apply(decode(bytes));
    }
    return program;
  }

  /** On disk when it resolves; changes made at the same time share the sync. */
  async add(word: string): Promise<void> {
    await this.#log.append(encode(word));
    this.#apply(word);
  }

  /** The file first, whole and under a name of its own; then the cursor that says it counts. */
  async checkpoint(): Promise<void> {
    const upTo = this.#log.end;
    writeFileSync("words.tmp", JSON.stringify({ upTo, counts: [...this.counts] }), { flush: true });
    renameSync("words.tmp", `words-${upTo}.json`);
    await this.#log.setCursor("saved", upTo);
    await this.#log.trim(upTo);
  }

  #apply(word: string): void {
    this.counts.set(word, (this.counts.get(word) ?? 0) + 1);
  }
}

/** The power goes: what was not synced is lost, and the program starts anew. */
async function crash(): Promise<WordCount> {
  disk = disk.crash("nothing kept");
  return await WordCount.open();
}

let program = await WordCount.open();
await Promise.all(["to", "be", "or", "not"].map((word) => program.add(word)));
program = await crash();
//> replayed change 0: to
//> replayed change 1: be
//> replayed change 2: or
//> replayed change 3: not
await program.checkpoint();
await program.add("to");
await program.add("be");
program = await crash();
//> loaded the file: 4 changes
//> replayed change 4: to
//> replayed change 5: be
console.log([...program.counts].map(([word, count]) => `${word} ${count}`).join(", "));
//> to 2, be 2, or 1, not 1
