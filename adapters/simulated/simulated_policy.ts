/**
 * What a power cut may leave behind: the pending decisions of a disk, and ways to take them.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import { prefixPolicies } from "./simulated_prefix.ts";
import type { ProfileRules } from "./simulated_profile.ts";

/**
 * What became of one decision. "torn" applies to a sector (some of its new bytes at one end, old
 * ones at the other) and to a size (grown by only a part); for others it counts as "kept".
 * "garbage" applies to a sector: its written range (all of it in the profile "no-psow") holds neither
 * old nor new bytes. "stale" applies to a sector in the profile "stale": its written range holds a
 * version of the bytes older than the durable one, or is dropped when there is none; elsewhere it
 * counts as "dropped" for a sector and as "kept" for others.
 */
export type Outcome = "dropped" | "kept" | "torn" | "garbage" | "stale";

/** One thing that was pending at the power cut, and could or could not have become durable. */
export interface CrashDecision {
  /** Number of the operation that it belongs to; decisions of one operation are adjacent. */
  readonly operation: number;
  /** The part of the operation. */
  readonly kind: "name" | "sector" | "size" | "truncate";
  /** For people: what it is and where. */
  readonly label: string;
}

/** A complete answer: one outcome for each decision, in the order of `SimulatedDisk.decisions`. */
export interface CrashPolicy {
  /** For people: how the outcomes were chosen. */
  readonly label: string;
  /** Seed of the cuts inside torn sectors and of garbage. */
  readonly seed: number;
  /** The outcome of each decision. */
  readonly outcomes: readonly Outcome[];
}

/** How many and which policies to enumerate. */
export interface EnumerationOptions {
  /** At most this many policies (at least 2). Default 64. */
  readonly limit?: number;
  /** Takes every subset when there are at most this many decisions and they fit. Default 6. */
  readonly exhaustiveBits?: number;
  /** Seed of the sampled and random policies. Default 0. */
  readonly seed?: number;
}

/**
 * The policies to try for `decisions`: none kept, all kept; some writes damaged; every subset when
 * that is few; else every subset of whole operations when that is few, single decisions flipped (sampled when too
 * many), and random ones with torn sectors up to the limit. Deterministic in its arguments.
 */
export function enumeratePolicies(
  decisions: readonly CrashDecision[],
  rules: ProfileRules,
  options: EnumerationOptions = {},
): CrashPolicy[] {
  if (rules.inOrder) return prefixPolicies(decisions, options);
  const { limit = 64, exhaustiveBits = 6, seed = 0 } = options;
  const { damage } = rules;
  const count = decisions.length;
  const random = new Prng(seed);
  const policies: CrashPolicy[] = [];
  const add = (label: string, outcome: (index: number) => Outcome): void => {
    policies.push({
      label,
      seed: random.next(),
      outcomes: decisions.map((_, index) => outcome(index)),
    });
  };
  add("nothing kept", () => "dropped");
  if (count === 0) return policies;
  add("everything kept", () => "kept");

  let wanted = limit;
  const operations = [...new Set(decisions.map(operationIn))];
  const writes = [...new Set(decisions.filter((one) => one.kind === "sector").map(operationIn))];
  for (let damaged = 0; damaged < Math.max(1, limit / 6) && writes.length > 0; damaged++) {
    const [operation] = writes.splice(random.below(writes.length), 1);
    const outcome = damage !== undefined && random.below(2) === 0 ? damage : "torn";
    add(`operation ${operation} ${outcome}`, (index) => {
      const decision = decisions[index];
      return decision?.operation === operation && decision?.kind === "sector" ? outcome : "kept";
    });
  }
  if (count <= exhaustiveBits && 2 ** count <= limit) {
    for (let bits = 1; bits < 2 ** count - 1; bits++) {
      add(`subset ${bits}`, (index) => ((bits >> index) & 1) === 1 ? "kept" : "dropped");
    }
    const damageable = decisions.filter((one) => one.kind === "sector" || one.kind === "size");
    wanted = Math.min(limit, policies.length + 4 * damageable.length);
  } else {
    if (operations.length <= 10 && 2 ** operations.length <= limit / 3) {
      for (let bits = 1; bits < 2 ** operations.length - 1; bits++) {
        const kept = new Set(operations.filter((_, index) => ((bits >> index) & 1) === 1));
        add(`operations ${bits}`, (index) => kept.has(operationOf(index)) ? "kept" : "dropped");
      }
    }
    const quota = Math.floor((limit * 2) / 3) - policies.length;
    const stride = Math.max(1, (2 * count) / Math.max(1, quota));
    for (let step = random.next() / 2 ** 32 * (stride - 1); step < 2 * count; step += stride) {
      const flipped = Math.floor(step) >> 1;
      const rest: Outcome = (Math.floor(step) & 1) === 0 ? "kept" : "dropped";
      const other: Outcome = rest === "kept" ? "dropped" : "kept";
      if (policies.length >= limit) break;
      add(`only ${flipped} ${other}`, (index) => index === flipped ? other : rest);
    }
  }
  while (policies.length < wanted) {
    const style = random.below(4);
    const pivot = operations[random.below(operations.length)] ?? 0;
    const keptOperations = new Set(operations.filter(() => random.below(2) === 1));
    add(`random style ${style}`, (index) => {
      if (style === 0) return anyOutcome(2);
      if (style === 1) return keptOperations.has(operationOf(index)) ? "kept" : "dropped";
      if (style === 2 && operationOf(index) !== pivot) {
        return operationOf(index) < pivot ? "kept" : "dropped";
      }
      return anyOutcome(style === 2 ? 2 : 8);
    });
  }
  return policies.slice(0, limit);

  function operationOf(index: number): number {
    return decisions[index]?.operation ?? 0;
  }

  /** Dropped once in `rarity`, damaged once in 8, otherwise kept. */
  function anyOutcome(rarity: number): Outcome {
    if (random.below(rarity) === 0) return "dropped";
    if (random.below(8) !== 0) return "kept";
    return damage !== undefined && random.below(2) === 0 ? damage : "torn";
  }
}

function operationIn(decision: CrashDecision): number {
  return decision.operation;
}

/** The list of decisions with their outcomes in text lines, runs of equal ones folded. */
export function describePolicy(
  decisions: readonly CrashDecision[],
  policy: CrashPolicy,
): string[] {
  const lines = [`policy: ${policy.label} (seed ${policy.seed})`];
  for (let start = 0; start < decisions.length;) {
    let end = start + 1;
    while (
      end < decisions.length && policy.outcomes[end] === policy.outcomes[start] &&
      decisions[end]?.operation === decisions[start]?.operation
    ) end++;
    const last = end - start > 1 ? ` .. ${decisions[end - 1]?.label}` : "";
    lines.push(`  ${policy.outcomes[start]}: ${decisions[start]?.label}${last}`);
    start = end;
  }
  return lines;
}
