/** Replays the corpus: `deno run -A tests/sim/crash/corpus_main.ts`; also runs with bun and node. */

import process from "node:process";
import { readCorpus, replayEntry } from "./corpus.ts";
import { subjects } from "../subjects.ts";

let done = 0;
let violations = 0;
for (const [name, entry] of readCorpus()) {
  try {
    await replayEntry(subjects, entry);
    done++;
  } catch (error) {
    violations++;
    console.log(`VIOLATION in corpus ${name}: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(JSON.stringify({ rows: [{ done, violations }] }));
console.log(`${done} passed, ${violations} failed`);
process.exitCode = violations === 0 ? 0 : 1;
