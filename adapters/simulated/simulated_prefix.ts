/**
 * The policies of the profile "prefix": beginnings of what was pending.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import type {
  CrashDecision,
  CrashPolicy,
  EnumerationOptions,
  Outcome,
} from "./simulated_policy.ts";

/**
 * The policies to try: nothing, everything, the operations up to each one (evenly sampled when they
 * are more than half of the limit), and beginnings whose last write is torn up to the limit.
 */
export function prefixPolicies(
  decisions: readonly CrashDecision[],
  options: EnumerationOptions,
): CrashPolicy[] {
  const { limit = 64, seed = 0 } = options;
  const random = new Prng(seed);
  const policies: CrashPolicy[] = [];
  const add = (
    label: string,
    outcome: (decision: CrashDecision, index: number) => Outcome,
  ): void => {
    policies.push({ label, seed: random.next(), outcomes: decisions.map(outcome) });
  };
  add("nothing kept", () => "dropped");
  if (decisions.length === 0) return policies;
  add("everything kept", () => "kept");

  const operations = [...new Set(decisions.map(({ operation }) => operation))];
  operations.sort((a, b) => a - b);
  const few = Math.min(operations.length - 1, Math.max(1, Math.floor(limit / 2)));
  for (let step = 1; step <= few; step++) {
    const last = operations[Math.ceil((step * (operations.length - 1)) / few) - 1] ?? 0;
    add(`up to operation ${last}`, ({ operation }) => operation <= last ? "kept" : "dropped");
  }

  const sectors = decisions.flatMap(({ kind }, index) => kind === "sector" ? [index] : []);
  const wanted = sectors.length === 0 ? 0 : Math.min(limit, policies.length + 4 * sectors.length);
  while (policies.length < wanted) {
    const torn = sectors[random.below(sectors.length)] ?? 0;
    const last = decisions[torn]?.operation ?? 0;
    const size: Outcome = random.below(2) === 0 ? "kept" : "torn";
    add(`torn in operation ${last}`, ({ operation, kind }, index) => {
      if (operation !== last) return operation < last ? "kept" : "dropped";
      if (kind !== "sector") return size;
      return index === torn ? "torn" : index < torn ? "kept" : "dropped";
    });
  }
  return policies.slice(0, limit);
}
