/**
 * Runs `bench/NAME.ts` on Node with the flags that follow the name, after installing what the
 * benchmarks compare with: `bench.ts compare/kernel --entries 100000`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { installDependencies } from "./npm_folder.ts";
import { listSources, ROOT } from "./repository.ts";
import { runCommand } from "./run_command.ts";
import { findRuntime } from "./runtimes.ts";

const RUN_TIMEOUT_MS = 3_600_000;

const [name = "", ...flags] = process.argv.slice(2);
const script = `bench/${name}.ts`;
if (!listSources("bench").includes(script)) {
  console.error("usage: bench.ts NAME [flags], where bench/NAME.ts is a file");
  process.exitCode = 2;
} else {
  const compared = join(ROOT, "bench", "compare");
  if (existsSync(join(compared, "package.json"))) await installDependencies(compared);
  await installDependencies();
  const node = await findRuntime("node");
  const runtimeFlags = ["--expose-gc", "--disable-warning=ExperimentalWarning"];
  const result = await runCommand(node.path, [...runtimeFlags, script, ...flags], {
    timeoutMs: RUN_TIMEOUT_MS,
    isShown: true,
  });
  process.exitCode = result.code ?? 1;
}
