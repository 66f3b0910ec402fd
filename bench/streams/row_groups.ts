/**
 * What `--rows` chooses from.
 *
 * @module
 */

import { OURS } from "../report.ts";
import type { ReportRow } from "../report.ts";
import { measureAmplification } from "./amplification.ts";
import type { Contestant } from "./contestant.ts";
import { measureMemory } from "./memory.ts";
import { measureMixed } from "./mixed.ts";
import { measureCatchUp, measureTail } from "./readers.ts";
import { measureData, measureIdle } from "./scale.ts";
import type { ServerKind } from "./servers.ts";
import type { Settings } from "./settings.ts";
import { measureEvents } from "./sse.ts";
import { measureStall } from "./stall.ts";
import { measureAppends, measureProducers } from "./writers.ts";

/** Rows that are measured together, on servers that start with nothing. */
export interface RowGroup {
  /** Which servers take part. */
  readonly takes: (kind: ServerKind) => boolean;
  /** Measures on servers that run. */
  readonly measure: (
    contestants: readonly Contestant[],
    settings: Settings,
  ) => Promise<ReportRow[]>;
}

const all = (): boolean => true;
const durable = ({ isDurable }: ServerKind): boolean => isDurable;
const ours = ({ column }: ServerKind): boolean => column === OURS;

/** All groups by name, in the order they are measured. */
export const ROW_GROUPS: Readonly<Record<string, RowGroup>> = {
  append: { takes: all, measure: measureAppends },
  producers: { takes: all, measure: measureProducers },
  sse: { takes: durable, measure: measureEvents },
  catchup: { takes: durable, measure: measureCatchUp },
  tail: { takes: durable, measure: measureTail },
  mixed: { takes: durable, measure: measureMixed },
  memory: { takes: durable, measure: measureMemory },
  idle: { takes: ours, measure: measureIdle },
  data: { takes: ours, measure: measureData },
  amplification: { takes: ours, measure: measureAmplification },
  stall: { takes: ours, measure: measureStall },
};
