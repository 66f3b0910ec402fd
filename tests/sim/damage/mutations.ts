/**
 * All the damage that is done to a few files, each with a number: the same on every runtime.
 */

import { Prng } from "../../../src/base/prng.ts";
import type { DamageDisk, Files } from "./damage_disk.ts";

/** What is done. */
export const KINDS = [
  "byte",
  "length field",
  "cut",
  "zeroed",
  "swapped",
  "stale",
  "garbage",
  "removed",
  "emptied",
] as const;

/** One of them. */
export type Kind = typeof KINDS[number];

/** One change of one file. */
export interface Mutation {
  readonly kind: Kind;
  readonly path: string;
  /** Where in the file. */
  readonly at: number;
  /** What is there afterwards; of a cut, nothing. */
  readonly bytes: Uint8Array;
  /** And somewhere else: what was at `at`. */
  readonly other?: number;
}

/** What a length may be damaged to: more than there can be, in 4 and in 8 bytes. */
const HUGE = [
  Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x00),
  Uint8Array.of(0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00),
];

const SECTORS = [512, 4096];
const GARBAGE = [1, 2, 3, 64, 511, 512, 513, 4095, 4096, 4097, 16_384, 65_536];
const NO_LENGTH = new Uint8Array(4);
const NOTHING = new Uint8Array(0);

/** How many ways a byte is changed in: one of four at each place, four, or eleven. */
export type Values = 1 | 4 | 11;

/** Places of one file, and what is done at each. */
interface Group {
  readonly kind: Kind;
  readonly count: number;
  /** @returns `undefined` where nothing would change */
  make(index: number): Mutation | undefined;
}

/** The damage that is done to files. */
export class Mutations {
  readonly #groups: readonly Group[];

  /** @param isRead the bytes that somebody looks at; damage to others is not listed */
  constructor(
    files: Files,
    before: readonly Files[],
    isRead: ReadonlyMap<string, Uint8Array>,
    values: Values,
  ) {
    const groups: Group[] = [];
    for (const [path, bytes] of files) {
      const read = isRead.get(path) ?? new Uint8Array(bytes.length);
      const earlier = before.map((each) => each.get(path)).filter((each) => each !== undefined);
      groups.push(...groupsOf(path, bytes, read, earlier, values));
    }
    this.#groups = groups;
  }

  /** How many there are of a kind; some change nothing. */
  countOf(kind: Kind): number {
    return this.#groups.reduce((sum, group) => sum + (group.kind === kind ? group.count : 0), 0);
  }

  /** One of a kind. @returns `undefined` where nothing would change */
  at(kind: Kind, index: number): Mutation | undefined {
    let left = index;
    for (const group of this.#groups) {
      if (group.kind !== kind) continue;
      if (left < group.count) return group.make(left);
      left -= group.count;
    }
    throw new RangeError(`there are ${this.countOf(kind)} of ${kind}, not ${index + 1}`);
  }
}

/** Does it. */
export function mutate(disk: DamageDisk, mutation: Mutation): void {
  const { kind, path, at, bytes, other } = mutation;
  if (kind === "removed") disk.remove(path);
  else if (kind === "cut" || kind === "emptied") disk.truncate(path, at);
  else {
    if (other !== undefined) {
      disk.write(path, other, disk.bytesOf(path).slice(at, at + bytes.length));
    }
    disk.write(path, at, bytes);
  }
}

function groupsOf(
  path: string,
  bytes: Uint8Array,
  isRead: Uint8Array,
  earlier: readonly Uint8Array[],
  values: Values,
): Group[] {
  const places = Uint32Array.from(bytes.keys()).filter((at) => isRead[at] === 1);
  // Zeros are no length.
  const words = places.filter((at) => at % 4 === 0 && differs(bytes, at, NO_LENGTH));
  const sizes = values === 1 ? 1 : HUGE.length;
  const cut: Group = {
    kind: "cut",
    count: Math.max(0, bytes.length - 1),
    make: (index) => ({ kind: "cut", path, at: index + 1, bytes: NOTHING }),
  };
  const gone = (["removed", "emptied"] as const).map((kind): Group => ({
    kind,
    count: 1,
    make: () => ({ kind, path, at: 0, bytes: NOTHING }),
  }));
  const garbage: Group = {
    kind: "garbage",
    count: 3 * GARBAGE.length,
    make: (index) => {
      const length = GARBAGE[Math.floor(index / 3)]!;
      const added = new Uint8Array(length);
      if (index % 3 === 1) new Prng(length).fill(added);
      if (index % 3 === 2) added.set(bytes.subarray(0, length));
      return { kind: "garbage", path, at: bytes.length, bytes: added };
    },
  };
  const overwrite = (kind: Kind, at: number, to: Uint8Array): Mutation | undefined =>
    differs(bytes, at, to) ? { kind, path, at, bytes: to } : undefined;
  return [
    {
      kind: "byte",
      count: places.length * values,
      make: (index) => {
        const at = places[Math.floor(index / values)]!;
        const to = valueOf(bytes[at]!, at, index % values, values);
        return overwrite("byte", at, Uint8Array.of(to));
      },
    },
    {
      kind: "length field",
      count: words.length * sizes,
      make: (index) => {
        const at = words[Math.floor(index / sizes)]!;
        const size = HUGE[(index % sizes + (values === 1 ? mix(at) : 0)) % HUGE.length]!;
        return overwrite("length field", at, size.subarray(0, bytes.length - at));
      },
    },
    cut,
    garbage,
    ...gone,
    ...SECTORS.flatMap((size) => sectorGroups(path, bytes, isRead, earlier, size)),
  ];
}

/** What a whole sector may be instead. */
function sectorGroups(
  path: string,
  bytes: Uint8Array,
  isRead: Uint8Array,
  earlier: readonly Uint8Array[],
  size: number,
): Group[] {
  const sectors = Array.from(
    { length: Math.floor(bytes.length / size) },
    (_, index) => index * size,
  );
  const seen = sectors.filter((at) => isRead.subarray(at, at + size).includes(1));
  const part = (of: Uint8Array, at: number): Uint8Array => {
    const whole = new Uint8Array(size);
    whole.set(of.subarray(at, at + size));
    return whole;
  };
  const group = (kind: Kind, of: (at: number) => [bytes: Uint8Array, other?: number]): Group => ({
    kind,
    count: seen.length,
    make: (index) => {
      const at = seen[index]!;
      const [to, other] = of(at);
      if (!differs(bytes, at, to)) return undefined;
      return { kind, path, at, bytes: to, ...(other === undefined ? {} : { other }) };
    },
  });
  const random = new Prng(size);
  const partners = seen.map(() => seen[random.below(seen.length)]!);
  return [
    group("zeroed", () => [new Uint8Array(size)]),
    group("swapped", (at) => {
      const other = partners[seen.indexOf(at)]!;
      return [part(bytes, other), other];
    }),
    ...earlier.map((each) => group("stale", (at) => [part(each, at)])),
  ];
}

/** What a byte becomes. One value: a bit, zero, all ones, or anything else, by place. */
function valueOf(byte: number, at: number, index: number, values: Values): number {
  if (values === 11 && index < 8) return byte ^ 1 << index;
  const which = values === 11 ? index - 7 : values === 4 ? index : mix(at) % 4;
  const other = byte ^ 1 + mix(at + 1) % 255;
  const to = [byte ^ 1 << at % 8, 0, 0xff, other][which]!;
  // A place whose only value would change nothing gets another.
  return values === 1 && to === byte ? byte ^ 1 << at % 8 : to;
}

function mix(at: number): number {
  const h = Math.imul(at ^ at >>> 15, 0x2c1b3c6d);
  return (h ^ h >>> 13) >>> 0;
}

function differs(bytes: Uint8Array, at: number, to: Uint8Array): boolean {
  for (let i = 0; i < to.length; i++) if (bytes[at + i] !== to[i]) return true;
  return false;
}
