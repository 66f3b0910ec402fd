/**
 * Runs of the model on the runtime that runs this file.
 *
 * Arguments: `--subject NAME` (default "database"), `--runs N` (default 500), `--seed N` (default 1), and to see a failure again what it
 * says: `--path P` and `--replay R`. What failed is on standard error; the last line of standard
 * output is `N passed, N failed`.
 *
 * @module
 */

import process from "node:process";
import { numberFlag, parseFlags } from "../../src/cli/flags.ts";
import { runCampaign } from "./campaign.ts";
import { subjectsNamed } from "./subjects.ts";

const flags = parseFlags(process.argv.slice(2), {
  subject: { value: "NAME", help: "what is run" },
  runs: { value: "N", help: "runs" },
  seed: { value: "N", help: "seed of all that is random" },
  path: { value: "P", help: "path of a failure" },
  replay: { value: "R", help: "commands of a failure that were run" },
});
const { passed, failure } = await runCampaign({
  subject: subjectsNamed(flags.values.get("subject") ?? "database")[0]!,
  runs: numberFlag(flags, "runs", 1, 1_000_000) ?? 500,
  seed: numberFlag(flags, "seed", 0, 0x7fff_ffff) ?? 1,
  path: flags.values.get("path"),
  replayPath: flags.values.get("replay"),
});
if (failure !== undefined) console.error(failure);
console.log(`${passed} passed, ${failure === undefined ? 0 : 1} failed`);
process.exitCode = failure === undefined ? 0 : 1;
