/** Segments, once maps, registers and record logs as subjects of the campaigns. */

import {
  codec,
  isHoldfastError,
  onceMap,
  RecordId,
  recordLog,
  register,
  segment,
  type Transaction,
} from "../../../mod.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { fingerprint } from "../fingerprint.ts";
import {
  type Change,
  courses,
  type Model,
  type Step,
  type StructureKind,
  structureSubject,
  withEntry,
} from "./structure_subject.ts";
import type { Subject } from "../subject.ts";

function someBytes(random: Prng): Uint8Array {
  const most = [1, 60, 900, 6000][random.below(4)]!;
  const bytes = new Uint8Array(random.below(most + 1));
  random.fill(bytes);
  return bytes;
}

const byText = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  a < b ? -1 : 1;

/** The entries whose names do not begin with a tilde, in the order of their names. */
const entriesOf = (model: Model): string[] =>
  [...model].filter(([key]) => !key.startsWith("~")).sort(byText)
    .map(([key, value]) => `${key} ${value}`);

const serialText = (serial: number): string => String(serial).padStart(6, "0");

const notes = segment("notes");
/** The greatest serial that a record ever had. */
const GREATEST = "~greatest";

const segments: StructureKind = {
  structure: "segment",
  *read(database) {
    const reader = database.open(notes);
    let count = 0;
    for (const { id, bytes } of reader.scan()) {
      yield `${serialText(id.serial)} ${id.segment} ${fingerprint(bytes)}`;
      count++;
    }
    if (count !== reader.count()) throw new Error(`${count} records, counted ${reader.count()}`);
  },
  show: entriesOf,
  change: (random, model) => {
    const bytes = someBytes(random);
    const some = entriesOf(model);
    const chosen = some[random.below(some.length + 1)]?.split(" ");
    if (chosen === undefined || random.below(3) === 0) return insertion(bytes);
    const id = new RecordId(Number(chosen[1]), Number(chosen[0]));
    if (random.below(2) === 0) {
      return {
        run: (tx) => tx.open(notes).delete(id),
        apply: (model) => withEntry(model, chosen[0]!, undefined),
      };
    }
    return {
      run: (tx) => tx.open(notes).update(id, bytes),
      apply: (model) => withEntry(model, chosen[0]!, `${id.segment} ${fingerprint(bytes)}`),
    };
  },
};

function insertion(bytes: Uint8Array): Change {
  let id = new RecordId(0, 0);
  return {
    run: (tx: Transaction): void => {
      id = tx.open(notes).insert(bytes);
    },
    apply: (model): Model => {
      const { segment, serial } = id;
      // Never as readers see it.
      if (serial <= Number(model.get(GREATEST) ?? -1)) return withEntry(model, `${id} again`, "");
      const value = `${segment} ${fingerprint(bytes)}`;
      const next = withEntry(model, serialText(serial), value);
      return withEntry(next, GREATEST, String(serial));
    },
  };
}

const firsts = onceMap("firsts", { key: codec.string, value: codec.bytes });

const onceMaps: StructureKind = {
  structure: "once map",
  *read(database) {
    const reader = database.open(firsts);
    let count = 0;
    for (const [key, value] of reader.entries()) {
      yield `${key} ${fingerprint(value)}`;
      count++;
    }
    if (count !== reader.size) throw new Error(`${count} entries, counted ${reader.size}`);
  },
  show: entriesOf,
  change: (random) => {
    const key = `key-${10 + random.below(60)}`;
    const bytes = someBytes(random);
    return {
      run: (tx) => void tx.open(firsts).putIfAbsent(key, bytes),
      apply: (model) => model.has(key) ? model : withEntry(model, key, fingerprint(bytes)),
    };
  },
};

const anyValue = register("any", codec.bytes);
const highest = register("highest", codec.u32, { monotonic: true });

const registers: StructureKind = {
  structure: "register",
  *read(database) {
    const value = database.open(anyValue).get();
    if (value !== undefined) yield `any ${fingerprint(value)}`;
    const number = database.open(highest).get();
    if (number !== undefined) yield `highest ${number}`;
  },
  show: entriesOf,
  change: (random, model) => {
    const bytes = someBytes(random);
    const number = random.below(1000);
    switch (random.below(4)) {
      case 0:
        return {
          run: (tx) => tx.open(anyValue).set(bytes),
          apply: (model) => withEntry(model, "any", fingerprint(bytes)),
        };
      case 1:
        return {
          run: (tx) => void tx.open(anyValue).update(() => undefined),
          apply: (model) => withEntry(model, "any", undefined),
        };
      case 2: {
        const expected = model.get("highest");
        const before = expected === undefined ? undefined : Number(expected);
        const next = (before ?? 0) + 1 + random.below(5);
        return {
          run: (tx) => void tx.open(highest).compareAndSet(before, next),
          apply: (model) =>
            model.get("highest") === expected ? withEntry(model, "highest", String(next)) : model,
        };
      }
      default:
        return {
          run: (tx) => {
            try {
              tx.open(highest).set(number);
            } catch (error) {
              if (!isHoldfastError(error) || error.code !== "DECREASED") throw error;
            }
          },
          apply: (model) => {
            const present = Number(model.get("highest") ?? -1);
            return number < present ? model : withEntry(model, "highest", String(number));
          },
        };
    }
  },
};

const audit = recordLog("audit");
const HEAD = "~head";

const recordLogs: StructureKind = {
  structure: "kernel",
  *read(database) {
    const reader = database.open(audit);
    for (const { offset, bytes } of reader.read()) {
      yield `${serialText(offset)} ${fingerprint(bytes)}`;
    }
    yield `head ${reader.head()}`;
  },
  show: (model) => [...entriesOf(model), `head ${model.get(HEAD) ?? 0}`],
  change: (random, model) => {
    const head = Number(model.get(HEAD) ?? 0);
    if (random.below(5) === 0) {
      const before = random.below(head + 1);
      return {
        run: (tx) => void tx.open(audit).trim(before),
        apply: (model) =>
          new Map([...model].filter(([key]) => key === HEAD || Number(key) >= before)),
      };
    }
    const bytes = someBytes(random);
    return {
      run: (tx) => void tx.open(audit).append(bytes),
      apply: (model) => {
        const offset = Number(model.get(HEAD) ?? 0);
        const next = withEntry(model, serialText(offset), fingerprint(bytes));
        return withEntry(next, HEAD, String(offset + 1));
      },
    };
  },
};

const { commits, checkpoints, durability } = courses as Record<string, readonly Step[]>;

/** Structures of the kernel that are no indexes. */
export const structureSubjects: readonly Subject[] = [
  structureSubject("segment: commits", segments, commits!),
  structureSubject("segment: checkpoints", segments, checkpoints!),
  structureSubject("once map: commits", onceMaps, commits!),
  structureSubject("once map: durability", onceMaps, durability!),
  structureSubject("register: commits", registers, commits!),
  structureSubject("register: durability", registers, durability!, { profile: "hostile" }),
  structureSubject("record log: commits", recordLogs, commits!),
  structureSubject("record log: checkpoints", recordLogs, checkpoints!, {
    syncMilliseconds: 5,
    writeMilliseconds: 1,
  }),
];
