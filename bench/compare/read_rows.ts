/**
 * The load, the rows that read what its last round has loaded, and the 80/20 rows on the same data.
 *
 * @module
 */

import type { ReportRow } from "../report.ts";
import type { Runner } from "./contestants.ts";
import { LoadedStores } from "./loaded_stores.ts";
import type { Settings } from "./settings.ts";
import { TARGETS } from "./targets.ts";
import { MANY } from "./workload.ts";

/** Load, size, gets, scan and 80/20. */
export async function measureReads(
  runners: readonly Runner[],
  folder: string,
  settings: Settings,
): Promise<ReportRow[]> {
  const stores = new LoadedStores(runners, folder, settings);
  const loads = await stores.load();
  const { single, many } = await stores.get();
  const scans = await stores.scan();
  const sizes = await stores.size();
  const mixedDurable = await stores.mix("disk", "80/20 durable", 4000);
  const mixedUnsynced = await stores.mix("os", "80/20 not synced", 5000);
  const count = settings.entries.toLocaleString("en");
  const higher = { better: "higher" } as const;
  return [
    {
      name: `load ${count}, durable transactions of 1,000`,
      unit: "entries/s",
      ...higher,
      targets: TARGETS.load,
      rounds: loads,
    },
    {
      name: "space on disk after load and close",
      unit: "MB",
      better: "lower",
      targets: TARGETS.size,
      rounds: sizes,
    },
    {
      name: "random get, fresh copy",
      unit: "gets/s",
      ...higher,
      targets: TARGETS.get,
      rounds: single,
    },
    {
      name: `getMany(${MANY}), fresh copies`,
      unit: "gets/s",
      ...higher,
      targets: TARGETS.getMany,
      rounds: many,
    },
    {
      name: "full ordered scan",
      unit: "entries/s",
      ...higher,
      targets: TARGETS.scan,
      rounds: scans,
    },
    {
      name: "80/20 read-modify-write, durable",
      unit: "operations/s",
      ...higher,
      targets: TARGETS.mixedDurable,
      rounds: mixedDurable,
    },
    {
      name: "80/20 read-modify-write, not synced",
      unit: "operations/s",
      ...higher,
      targets: TARGETS.mixedUnsynced,
      rounds: mixedUnsynced,
    },
  ];
}
