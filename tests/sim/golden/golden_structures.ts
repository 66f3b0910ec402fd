/**
 * What the golden databases hold: one for each structure.
 */

import {
  codec,
  type ContentId,
  contentStore,
  index,
  onceMap,
  type RecordId,
  recordLog,
  register,
  segment,
  vector,
} from "../../../mod.ts";
import { type DatabaseGolden, databaseStore } from "./golden_database.ts";
import { equal, expect, type GoldenStore, pattern } from "./golden_store.ts";

const table = index("table", { key: codec.u16, value: codec.bytes });
const events = recordLog("events");

/** Two of the entries have pages of their own. */
function tableValue(key: number): Uint8Array {
  return pattern(key % 12 === 5 ? 2100 : 150 + key, key);
}

const kernel: DatabaseGolden = {
  name: "index and record log",
  structure: "kernel",
  async fill(db, pause) {
    for (let from = 0; from < 22; from += 5) {
      await db.update((tx) => {
        for (let key = from; key < Math.min(22, from + 5); key++) {
          tx.open(table).put(key, tableValue(key));
        }
        tx.open(events).append(pattern(30, from / 5));
      });
      await pause();
    }
  },
  async change(db, commit) {
    await db.update((tx) => {
      tx.open(table).put(21 + commit, tableValue(21 + commit));
      tx.open(table).remove(commit);
      tx.open(events).append(pattern(30, 4 + commit));
    });
  },
  verify(db, look, commits) {
    const wanted = Array.from({ length: 22 + commits }, (_, key) => key)
      .filter((key) => key === 0 || key > commits);
    look.see(() => {
      let next = 0;
      for (const [key, value] of db.open(table).range()) {
        expect(key === wanted[next++], `key ${key}`);
        expect(equal(value, tableValue(key)), `value of ${key}`);
      }
      expect(next === wanted.length, `${next} entries`);
    });
    for (const key of [0, 1, 5, 17, 22, 23, 40]) {
      const value = wanted.includes(key) ? tableValue(key) : undefined;
      look.see(() => expect(equal(db.open(table).get(key), value), `get ${key}`));
    }
    look.see(() => expect(db.open(table).count() === wanted.length, "count"));
    look.see(() => {
      let next = 0;
      for (const { offset, bytes } of db.open(events).read()) {
        expect(offset === next && equal(bytes, pattern(30, next++)), `record ${offset}`);
      }
      expect(next === 5 + commits, `${next} records`);
    });
    look.see(() => expect(db.open(events).head() === 5 + commits, "head"));
  },
};

/** A value that the log names, and does not hold. */
const aside: DatabaseGolden = {
  name: "values beside the log",
  structure: "kernel",
  crashedOnly: true,
  async fill(db) {
    await db.update((tx) => tx.open(table).put(1, pattern(10, 1)));
  },
  async change(db, commit) {
    const length = commit === 1 ? 20 : 66_000;
    await db.update((tx) => tx.open(table).put(1 + commit, pattern(length, commit)));
  },
  verify(db, look, commits) {
    look.see(() => {
      const found = [...db.open(table).range()];
      expect(found.length === 1 + commits, `${found.length} entries`);
      expect(equal(found[0]![1], pattern(10, 1)), "the first");
      if (commits > 0) expect(equal(found[1]![1], pattern(20, 1)), "the second");
      if (commits > 1) expect(equal(found[2]![1], pattern(66_000, 2)), "the large one");
    });
  },
};

const owners = onceMap("owners", { key: codec.u8, value: codec.bytes });
const newest = register("newest", codec.bytes);
const highest = register("highest", codec.u32, { monotonic: true });

/** One of the values has pages of its own. */
function ownerValue(key: number): Uint8Array {
  return pattern(key === 7 ? 3000 : 10 + key, key);
}

const once: DatabaseGolden = {
  name: "once map",
  structure: "once map",
  async fill(db, pause) {
    for (const [from, to] of [[0, 7], [7, 8], [8, 20]] as const) {
      await db.update((tx) => {
        for (let key = from; key < to; key++) tx.open(owners).putIfAbsent(key, ownerValue(key));
      });
      await pause();
    }
  },
  async change(db, commit) {
    await db.update((tx) => tx.open(owners).putIfAbsent(19 + commit, ownerValue(19 + commit)));
  },
  verify(db, look, commits) {
    const reader = db.open(owners);
    look.see(() => {
      const entries = [...reader.entries()];
      expect(entries.length === 20 + commits, `${entries.length} entries`);
      for (const [at, [key, value]] of entries.entries()) {
        expect(key === at && equal(value, ownerValue(key)), `entry ${at}`);
      }
    });
    for (const key of [0, 7, 21, 99]) {
      const wanted = key < 20 + commits ? ownerValue(key) : undefined;
      look.see(() => expect(equal(reader.get(key), wanted), `get ${key}`));
      look.see(() => expect(reader.has(key) === (wanted !== undefined), `has ${key}`));
    }
    look.see(() => expect(reader.size === 20 + commits, "size"));
  },
};

const registers: DatabaseGolden = {
  name: "register",
  structure: "register",
  async fill(db) {
    await db.update((tx) => {
      tx.open(newest).set(pattern(30, 0));
      tx.open(highest).set(10);
    });
  },
  async change(db, commit) {
    await db.update((tx) => {
      tx.open(newest).set(pattern(30 + commit, commit));
      tx.open(highest).set(10 + commit);
    });
  },
  verify(db, look, commits) {
    look.see(() => {
      expect(equal(db.open(newest).get(), pattern(30 + commits, commits)), "newest");
    });
    look.see(() => expect(db.open(highest).get() === 10 + commits, "highest"));
  },
};

const numbers = vector("numbers", codec.f64);
const samples = vector(
  "samples",
  codec.struct({ on: codec.boolean, value: codec.f32 }),
  { default: { on: false, value: -1 } },
);
const wide = vector("wide", codec.fixed(1500));

const vectors: DatabaseGolden = {
  name: "vector",
  structure: "vector",
  async fill(db, pause) {
    await db.update((tx) => {
      for (let n = 0; n < 200; n++) tx.open(numbers).push(n / 4);
      tx.open(numbers).delete(7);
    });
    await pause();
    await db.update((tx) => {
      tx.open(numbers).set(2 ** 40, 9);
      for (let n = 0; n < 30; n++) tx.open(samples).push({ on: n % 2 === 0, value: n });
      tx.open(samples).resize(40);
    });
    await pause();
    await db.update((tx) => tx.open(wide).push(pattern(1500, 1), pattern(1500, 2)));
  },
  async change(db, commit) {
    await db.update((tx) => {
      tx.open(numbers).set(2 ** 40 + commit, commit);
      tx.open(samples).set(35, { on: true, value: commit });
    });
  },
  verify(db, look, commits) {
    look.see(() => {
      const wanted = Array.from({ length: 200 }, (_, n): [number, number] => [n, n / 4]);
      wanted.splice(7, 1);
      wanted.push([2 ** 40, 9]);
      for (let n = 1; n <= commits; n++) wanted.push([2 ** 40 + n, n]);
      const found = [...db.open(numbers).entries()];
      expect(found.length === wanted.length, `${found.length} numbers`);
      for (const [n, [at, value]] of found.entries()) {
        expect(at === wanted[n]![0] && value === wanted[n]![1], `number ${at}`);
      }
    });
    look.see(() => expect(db.open(numbers).length === 2 ** 40 + 1 + commits, "length"));
    look.see(() => expect(db.open(numbers).get(7) === undefined, "a hole"));
    look.see(() => expect(db.open(numbers).get(8) === 2, "an element"));
    look.see(() => {
      const values = db.open(samples).field("value");
      expect(values.length === 40, `${values.length} samples`);
      for (const [n, value] of values.entries()) {
        const later = n === 35 && commits > 0 ? commits : -1;
        expect(value === (n < 30 ? n : later), `sample ${n}`);
      }
    });
    look.see(() => {
      const { on, value } = db.open(samples).get(29)!;
      expect(!on && value === 29, "a sample");
    });
    look.see(() => {
      const found = [...db.open(wide)];
      expect(found.length === 2, `${found.length} wide elements`);
      for (const [n, bytes] of found.entries()) expect(equal(bytes, pattern(1500, n + 1)), "wide");
    });
  },
};

const photos = contentStore("photos");
const LENGTHS = [0, 5, 900, 2600];
const ids: ContentId[] = [];

const content: DatabaseGolden = {
  name: "content store",
  structure: "content",
  async fill(db, pause) {
    for (const [n, length] of LENGTHS.entries()) {
      ids[n] = await db.update((tx) => tx.open(photos).put(pattern(length, n)));
      await pause();
    }
  },
  async change(db, commit) {
    await db.update((tx) => {
      ids[3 + commit] = tx.open(photos).put(pattern(70 + commit, commit));
    });
  },
  verify(db, look, commits) {
    const reader = db.open(photos);
    for (let n = 0; n < LENGTHS.length + 2; n++) {
      const id = ids[n]!;
      const bytes = n < LENGTHS.length ? pattern(LENGTHS[n]!, n) : pattern(67 + n, n - 3);
      const wanted = n < LENGTHS.length + commits ? bytes : undefined;
      look.see(() => expect(equal(reader.get(id), wanted), `blob ${n}`));
      look.see(() => expect(reader.has(id) === (wanted !== undefined), `has ${n}`));
      look.see(() => {
        const part = reader.range(id, 1, 4);
        expect(equal(part, wanted?.subarray(1, 4)), `range ${n}`);
      });
    }
  },
};

interface Person {
  readonly city: string;
  readonly tags: readonly string[];
}

const people = index("people", {
  key: codec.u16,
  value: codec.json<Person>(),
  indexes: {
    byCity: { key: codec.string, of: ({ city }) => city },
    byTag: { key: codec.string, multi: true, of: ({ tags }) => tags },
  },
});

function personOf(key: number): Person {
  return { city: `city ${key % 3}`, tags: [`t${key % 2}`, `u${key % 5}`] };
}

const secondary: DatabaseGolden = {
  name: "secondary index",
  structure: "index",
  async fill(db, pause) {
    for (let from = 0; from < 30; from += 10) {
      await db.update((tx) => {
        for (let key = from; key < from + 10; key++) tx.open(people).put(key, personOf(key));
      });
      await pause();
    }
  },
  async change(db, commit) {
    await db.update((tx) => tx.open(people).put(29 + commit, personOf(29 + commit)));
  },
  verify(db, look, commits) {
    const reader = db.open(people);
    const count = 30 + commits;
    const keys = Array.from({ length: count }, (_, key) => key);
    look.see(() => {
      const found = [...reader.range()];
      expect(found.length === count, `${found.length} people`);
      for (const [at, [key, person]] of found.entries()) {
        const right = JSON.stringify(person) === JSON.stringify(personOf(at));
        expect(key === at && right, `person ${key}`);
      }
    });
    const same = (found: [number, Person][], wanted: number[], what: string): void =>
      expect(found.map(([key]) => key).join() === wanted.join(), what);
    for (let city = 0; city < 3; city++) {
      look.see(() =>
        same(
          reader.by("byCity").get(`city ${city}`),
          keys.filter((key) => key % 3 === city),
          "city",
        )
      );
    }
    look.see(() => same(reader.by("byTag").get("u2"), keys.filter((key) => key % 5 === 2), "tag"));
    look.see(() => expect(reader.by("byTag").count() === 2 * count, "tags"));
    look.see(() => expect(reader.verify().ok, "verify"));
  },
};

const records = segment("records");
const recordIds: RecordId[] = [];

const segments: DatabaseGolden = {
  name: "segment",
  structure: "segment",
  async fill(db, pause) {
    for (let n = 0; n < 12; n++) {
      recordIds[n] = await db.update((tx) =>
        tx.open(records).insert(pattern(n === 4 ? 2500 : 60 + n, n))
      );
      await pause();
    }
    await db.update((tx) => tx.open(records).delete(recordIds[3]!));
  },
  async change(db, commit) {
    await db.update((tx) => {
      recordIds[11 + commit] = tx.open(records).insert(pattern(71 + commit, 11 + commit));
    });
  },
  verify(db, look, commits) {
    const reader = db.open(records);
    const wanted = (n: number): Uint8Array | undefined =>
      n === 3 || n >= 12 + commits ? undefined : pattern(n === 4 ? 2500 : 60 + n, n);
    look.see(() => {
      const found = [...reader.scan()];
      const numbers = recordIds.keys().filter((n) => wanted(n) !== undefined).toArray();
      expect(found.length === numbers.length, `${found.length} records`);
      for (const [at, { id, bytes }] of found.entries()) {
        const n = numbers[at]!;
        expect(`${id}` === `${recordIds[n]}` && equal(bytes, wanted(n)), `record ${n}`);
      }
    });
    for (const n of [0, 3, 4, 12, 13]) {
      look.see(() => expect(equal(reader.read(recordIds[n]!), wanted(n)), `read ${n}`));
    }
    look.see(() => expect(reader.count() === 11 + commits, "count"));
  },
};

/** Golden stores of the kernel and of the structures in it. */
export const structureStores: readonly GoldenStore[] = [
  kernel,
  aside,
  once,
  registers,
  vectors,
  content,
  secondary,
  segments,
].map(databaseStore);
