/**
 * One lane of the damage campaign, in a process of its own: who watches it sees in a file where it is,
 * and so what it died of. Prints a row for each golden, as JSON.
 */

import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { runDamage } from "./damage_campaign.ts";
import { chosenStores, type LaneOrder } from "./damage_lanes.ts";

// Errors are met by the hundred thousand, and nobody looks where they came from.
Error.stackTraceLimit = 0;

const order: LaneOrder = JSON.parse(process.argv[2]!);
const place = openSync(order.placeFile, "w");
const where = new Float64Array(3);
const bytes = new Uint8Array(where.buffer);
const { kinds, values, seed, lane, lanes, from, skips, runs } = order;

await runDamage({
  stores: await chosenStores(order),
  values,
  seed,
  lane,
  lanes,
  from,
  skips,
  ...(runs === undefined ? {} : { runs }),
  ...(kinds.length === 0 ? {} : { kinds }),
  onStep: ({ golden, index }) => {
    where[0] = golden;
    where[1] = index;
    where[2]!++;
    writeSync(place, bytes, 0, bytes.length, 0);
  },
  onRow: (row) => void writeSync(1, `${JSON.stringify(row)}\n`),
});
process.exit(0);
