/**
 * A register of any values and a monotonic one, against plain variables.
 *
 * @module
 */

import fc from "fast-check";
import { codec, register } from "../../mod.ts";
import type { KeyedTransaction } from "./keyed_model.ts";
import { keyedSubject, Refusal } from "./keyed_subject.ts";
import type { Subject } from "./subject.ts";

const registers = {
  any: register("any", codec.u8),
  high: register("high", codec.u8, { monotonic: true }),
} as const;

const NAMES = ["any", "high"] as const;

interface Operation {
  readonly do: "get" | "set" | "add" | "clear" | "compareAndSet";
  readonly on: "any" | "high";
  readonly value: number;
  readonly expected: number | undefined;
}

const VALUES_MAX = 12;

const operations: fc.Arbitrary<Operation> = fc.record({
  do: fc.constantFrom("get", "set", "set", "set", "add", "clear", "compareAndSet"),
  on: fc.constantFrom(...NAMES),
  value: fc.nat(VALUES_MAX),
  expected: fc.option(fc.nat(2), { nil: undefined }),
});

/** What to compare with: a small value, or the present one. */
function expectedOf(operation: Operation, present: number | undefined): number | undefined {
  return operation.value % 2 === 0 ? operation.expected : present;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function write(
  tx: KeyedTransaction,
  on: "any" | "high",
  next: number | undefined,
  isConditional: boolean,
): void {
  if (on === "high") {
    const present = numberOf(tx.get(on, "probe"));
    if (present !== undefined && (next ?? -1) < present) throw new Refusal("DECREASED");
    if (present !== undefined && present === next && !isConditional) return;
  }
  if (next === undefined && tx.get(on, "probe") === undefined) {
    if (isConditional) tx.claim(on);
    return;
  }
  tx.set(on, next === undefined ? undefined : String(next), isConditional || on === "high");
}

/** One value each. */
export const registerSubject: Subject = keyedSubject<Operation>({
  name: "register",
  operations,
  create: (tx) => {
    for (const name of NAMES) void tx.open(registers[name]);
  },
  real: (operation, tx) => {
    const view = tx.open(registers[operation.on]);
    switch (operation.do) {
      case "get":
        return view.get();
      case "set":
        return view.set(operation.value);
      case "add":
        return view.update((present = 0) => present + operation.value % 3);
      case "clear":
        return view.update(() => undefined);
      case "compareAndSet":
        return view.compareAndSet(expectedOf(operation, view.get()), operation.value);
    }
  },
  model: ({ on, ...operation }, tx) => {
    const present = operation.do === "set" ? undefined : numberOf(tx.get(on, "read"));
    switch (operation.do) {
      case "get":
        return present;
      case "set":
        return write(tx, on, operation.value, false);
      case "add": {
        const next = (present ?? 0) + operation.value % 3;
        write(tx, on, next, true);
        return next;
      }
      case "clear":
        return write(tx, on, undefined, true);
      case "compareAndSet":
        if (present !== expectedOf({ on, ...operation }, present)) return false;
        write(tx, on, operation.value, true);
        return true;
    }
  },
  read: (from) => {
    const found = new Map<string, string>();
    for (const name of NAMES) {
      const value = from.open(registers[name]).get();
      if (value !== undefined) found.set(name, String(value));
    }
    return found;
  },
});
