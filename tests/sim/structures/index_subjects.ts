/** Indexes as subjects of the campaigns: secondary ones, all modes, ranges that are deleted, new definitions. */

import { codec, type Database, type Definition, index } from "../../../mod.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import type { Prng } from "../../../src/base/prng.ts";
import {
  type Change,
  courses,
  type Model,
  type Step,
  type StructureKind,
  structureSubject,
  textOf,
  withEntry,
} from "./structure_subject.ts";
import type { Subject } from "../subject.ts";

/** A record with secondary keys. */
interface User {
  readonly city: string;
  readonly mail: string;
  readonly tags: readonly string[];
  readonly note: string;
}

const BY_CITY = { byCity: { key: codec.string, of: (user: User) => user.city } };
const indexes = {
  ...BY_CITY,
  byMail: { key: codec.string, of: (user: User) => user.mail, unique: true },
  byTag: { key: codec.string, of: (user: User) => user.tags, multi: true },
} as const;
const users = index("users", { key: codec.string, value: codec.json<User>(), indexes });
/** The same before it had two of its secondary indexes. */
const earlier = index("users", { key: codec.string, value: codec.json<User>(), indexes: BY_CITY });

const KEYS = 24;
const keyOf = (n: number): string => `key-${String(n).padStart(2, "0")}`;

function someUser(random: Prng, key: string): User {
  return {
    city: `city-${random.below(4)}`,
    // Of the key alone: no two records have it in common.
    mail: `${key}-${random.below(3)}`,
    tags: ["a", "b", "c", "d"].filter(() => random.below(2) === 0),
    note: textOf(random, random.below(random.below(6) === 0 ? 2500 : 120)),
  };
}

function withoutRange(model: Model, from: string, to: string): Model {
  return new Map([...model].filter(([key]) => key < from || key >= to));
}

function* lines(entries: Iterable<readonly [string, User]>, isWhole: boolean): Generator<string> {
  const cities: string[] = [];
  const mails: string[] = [];
  const tags: string[] = [];
  for (const [key, user] of entries) {
    yield `${key} ${JSON.stringify(user)}`;
    cities.push(`city ${user.city} ${key}`);
    mails.push(`mail ${user.mail} ${key}`);
    for (const tag of user.tags) tags.push(`tag ${tag} ${key}`);
  }
  yield* cities.sort();
  if (!isWhole) return;
  yield* mails.sort();
  yield* tags.sort();
}

/** Whether the model is of the newer definition. */
const NEWER = "~newer";

function usersOf(model: Model): [string, User][] {
  return [...model].filter(([key]) => key !== NEWER).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, text]) => [key, JSON.parse(text) as User]);
}

function* readUsers(database: Database): Generator<string> {
  const reader = database.open(users);
  for (const [key, user] of reader.range()) yield `${key} ${JSON.stringify(user)}`;
  for (const [city, key] of reader.by("byCity").keys()) yield `city ${city} ${key}`;
  for (const [mail, key] of reader.by("byMail").keys()) yield `mail ${mail} ${key}`;
  for (const [tag, key] of reader.by("byTag").keys()) yield `tag ${tag} ${key}`;
}

function changeUser(random: Prng, definition: typeof users): Change {
  const key = keyOf(random.below(KEYS));
  const user = someUser(random, key);
  const text = JSON.stringify(user);
  switch (random.below(8)) {
    case 0:
      return {
        run: (tx) => void tx.open(definition).remove(key),
        apply: (model) => withEntry(model, key, undefined),
      };
    case 1: {
      const to = keyOf(random.below(KEYS));
      return {
        run: (tx) => void tx.open(definition).deleteRange({ gte: key, lt: to }),
        apply: (model) => withoutRange(model, key, to),
      };
    }
    case 2:
      return {
        run: (tx) => void tx.open(definition).update(key, () => user),
        apply: (model) => withEntry(model, key, text),
      };
    default:
      return {
        run: (tx) => tx.open(definition).put(key, user),
        apply: (model) => withEntry(model, key, text),
      };
  }
}

const secondary: StructureKind = {
  structure: "index",
  read: readUsers,
  show: (model) => lines(usersOf(model), true),
  change: (random) => changeUser(random, users),
};

/** An index that is given more secondary ones while it holds records. */
const upgraded: StructureKind = {
  structure: "index",
  *read(database) {
    try {
      yield* readUsers(database);
      return;
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== "TYPE_MISMATCH") throw error;
    }
    const reader = database.open(earlier);
    for (const [key, user] of reader.range()) yield `${key} ${JSON.stringify(user)}`;
    for (const [city, key] of reader.by("byCity").keys()) yield `city ${city} ${key}`;
  },
  show: (model) => lines(usersOf(model), model.has(NEWER)),
  change: (random, model) =>
    changeUser(random, (model.has(NEWER) ? users : earlier) as typeof users),
};

const upgrade: Change = {
  run: (tx) => void tx.open(users).count(),
  apply: (model) => withEntry(model, NEWER, ""),
};

const rebuild: Change = {
  run: (tx) => tx.open(users).rebuild("byTag"),
  apply: (model) => model,
};

const fresh: Change = {
  run: (tx) => void tx.drop(users as Definition<unknown>),
  apply: () => new Map(),
};

const words = { key: codec.string, value: codec.string };
const replaced = index("replaced", words);
const exclusive = index("exclusive", { ...words, mode: "exclusive" });
const cluster = index("cluster", { ...words, mode: "cluster" });

const modes: StructureKind = {
  structure: "index",
  *read(database) {
    for (const [key, value] of database.open(cluster).range()) yield `c ${key} ${value}`;
    for (const [key, value] of database.open(exclusive).range()) yield `e ${key} ${value}`;
    for (const [key, value] of database.open(replaced).range()) yield `r ${key} ${value}`;
  },
  show: (model) => [...model].map(([key, value]) => value === "" ? key : `${key} ${value}`).sort(),
  change: (random, model) => {
    const key = keyOf(random.below(12));
    const value = textOf(random, 1 + random.below(random.below(6) === 0 ? 700 : 60));
    switch (random.below(9)) {
      case 0:
      case 1:
        return {
          run: (tx) => tx.open(cluster).put(key, value),
          apply: (model) => withEntry(model, `c ${key} ${value}`, ""),
        };
      case 2:
        return {
          run: (tx) => void tx.open(cluster).remove(key),
          apply: (model) => new Map([...model].filter(([name]) => !name.startsWith(`c ${key} `))),
        };
      case 3: {
        const present = model.get(`e ${key}`);
        return {
          run: (tx) => void tx.open(exclusive).compareAndSet(key, present, value),
          apply: (model) => withEntry(model, `e ${key}`, value),
        };
      }
      case 4:
        return {
          run: (tx) => void tx.open(exclusive).remove(key),
          apply: (model) => withEntry(model, `e ${key}`, undefined),
        };
      case 5: {
        const to = keyOf(random.below(12));
        return {
          run: (tx) => {
            tx.open(replaced).deleteRange({ gte: key, lt: to });
            tx.open(cluster).deleteRange({ gte: key, lt: to });
          },
          apply: (model) =>
            withoutRange(withoutRange(model, `r ${key}`, `r ${to}`), `c ${key} `, `c ${to} `),
        };
      }
      default:
        return {
          run: (tx) => tx.open(replaced).put(key, value),
          apply: (model) => withEntry(model, `r ${key}`, value),
        };
    }
  },
};

const { commits, checkpoints, durability } = courses as Record<string, readonly Step[]>;

/** Indexes. */
export const indexSubjects: readonly Subject[] = [
  structureSubject("index: secondary", secondary, commits!),
  structureSubject("index: secondary, checkpoints", secondary, checkpoints!),
  structureSubject("index: secondary, durability", secondary, durability!),
  structureSubject("index: new definition", upgraded, [
    (life) => life.many(10),
    (life) => life.all([life.commit(), life.commit(upgrade)]),
    (life) => life.group(2),
    (life) => life.checkpoint(),
    (life) => life.all([life.commit(rebuild)]),
    (life) => life.group(3),
    (life) => life.all([life.commit(fresh)]),
    (life) => life.group(2),
  ]),
  structureSubject("index: modes", modes, commits!),
  structureSubject("index: modes, checkpoints", modes, checkpoints!, {
    profile: "no-psow",
    sectorBytes: 4096,
  }),
];
