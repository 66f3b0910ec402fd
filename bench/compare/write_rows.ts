/**
 * The rows that commit often, on a store of each contestant that starts empty.
 *
 * @module
 */

import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import { createFolder } from "../run_folder.ts";
import type { Contestant } from "./contestant.ts";
import type { Runner } from "./contestants.ts";
import { runnersOf } from "./contestants.ts";
import type { Settings } from "./settings.ts";
import { TARGETS } from "./targets.ts";
import * as workload from "./workload.ts";

/** Durable puts by one caller and by 64, and appends by 64. */
export async function measureWrites(
  all: readonly Runner[],
  folder: string,
  { puts, shared, rounds }: Settings,
): Promise<ReportRow[]> {
  const runners = runnersOf(all, "disk");
  const stores = new Map<Runner, Contestant>();
  for (const runner of runners) {
    const directory = createFolder(folder, runner.name, "writes");
    stores.set(runner, await runner.module.open(directory, "disk"));
  }
  const rows: ReportRow[] = [
    {
      name: "durable put, 1 caller",
      unit: "puts/s",
      better: "higher",
      targets: TARGETS.put,
      rounds: await interleave(
        "put1",
        runners,
        rounds,
        (runner, round) => workload.putOne(stores.get(runner)!, 1000 + round, puts),
      ),
    },
    {
      name: "durable put, 64 callers",
      unit: "puts/s",
      better: "higher",
      targets: TARGETS.putShared,
      rounds: await interleave(
        "put64",
        runners,
        rounds,
        (runner, round) => workload.putShared(stores.get(runner)!, 2000 + round, shared),
      ),
    },
    {
      name: "durable append 100 B, 64 callers",
      unit: "records/s",
      better: "higher",
      targets: TARGETS.append,
      rounds: await interleave(
        "append64",
        runners,
        rounds,
        (runner) => workload.appendShared(stores.get(runner)!, shared),
      ),
    },
  ];
  for (const store of stores.values()) await store.close();
  return rows;
}
