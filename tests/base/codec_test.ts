import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { codec, type KeyCodec } from "../../src/base/codec.ts";
import { compareBytes } from "../../src/base/compare.ts";
import { Generator } from "./generator.ts";

const PAIRS = 20_000;

/** How a property test makes values of a codec and what order it expects of them. */
interface Kind<T> {
  readonly codec: KeyCodec<T>;
  /** Any value; `near`, when given, is one to resemble. */
  make(random: Generator, near?: T): T;
  compare(a: T, b: T): number;
}

function compareLists<T>(
  a: ArrayLike<T>,
  b: ArrayLike<T>,
  compare: (a: T, b: T) => number,
): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compare(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareFloats(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  if (a === 0 && b === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0));
  return compareNumbers(a, b);
}

const bytes: Kind<Uint8Array> = {
  codec: codec.bytes,
  make: (random, near) =>
    near === undefined || random.below(4) === 0
      ? random.bytes(random.below(random.pick([3, 8, 40])))
      : Uint8Array.from([
        ...near.subarray(0, random.below(near.length + 1)),
        ...random.bytes(random.below(4)),
      ]),
  compare: (a, b) => compareLists(a, b, compareNumbers),
};

const CHARACTERS = [
  ..."\u0000\u0001aab\u007f\u0080\u07ff\u0800\ud7ff\ue000\ufeff\uffff😀\u{10ffff}",
];

const string: Kind<string> = {
  codec: codec.string,
  make(random, near): string {
    const length = random.below(random.pick([3, 8, 50]));
    const alphabet = random.pick([CHARACTERS, ["a", "b", "\u0000"]]);
    const tail = Array.from({ length }, () => random.pick(alphabet));
    const points = near === undefined ? [] : [...near];
    return [...points.slice(0, random.below(points.length + 1)), ...tail].join("");
  },
  compare: (a, b) => compareLists([...a], [...b], (p, q) => p.codePointAt(0)! - q.codePointAt(0)!),
};

function integer(of: KeyCodec<number>, min: number, max: number): Kind<number> {
  return {
    codec: of,
    make(random, near): number {
      if (near !== undefined && random.below(2) === 0) {
        return Math.min(max, Math.max(min, near + random.below(5) - 2));
      }
      if (random.below(4) === 0) return random.pick([min, min + 1, 0, 1, max - 1, max]);
      return min + random.u32() % (max - min + 1);
    },
    compare: compareNumbers,
  };
}

function bigint(of: KeyCodec<bigint>, min: bigint, max: bigint): Kind<bigint> {
  return {
    codec: of,
    make(random, near): bigint {
      if (near !== undefined && near > min + 2n && near < max - 2n && random.below(2) === 0) {
        return near + BigInt(random.below(5) - 2);
      }
      if (random.below(4) === 0) return random.pick([min, min + 1n, 0n, 1n, max - 1n, max]);
      return min + (random.u64() >> BigInt(random.below(64)));
    },
    compare: compareNumbers,
  };
}

const FLOATS = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1.5, -1.5];

function float(of: KeyCodec<number>, round: (value: number) => number, edges: number[]) {
  const kind: Kind<number> = {
    codec: of,
    make(random, near): number {
      if (random.below(4) === 0) return random.pick([...FLOATS, ...edges]);
      if (near !== undefined && random.below(2) === 0) return round(near * (1 + 2 ** -22));
      const view = new DataView(new ArrayBuffer(8));
      view.setUint32(0, random.u32());
      view.setUint32(4, random.u32());
      return of.name === "f32" ? view.getFloat32(0) : view.getFloat64(0);
    },
    compare: compareFloats,
  };
  return kind;
}

const date: Kind<Date> = {
  codec: codec.date,
  make(random, near): Date {
    const around = near?.getTime() ?? 0;
    if (Math.abs(around) < 8e15 && random.below(2) === 0) {
      return new Date(around + random.below(3) - 1);
    }
    if (random.below(4) === 0) return new Date(random.pick([-8.64e15, 8.64e15, 0, -1, 2 ** 32]));
    return new Date((random.u32() - 2 ** 31) * random.pick([1, 1000, 2 ** 20]));
  },
  compare: (a, b) => a.getTime() - b.getTime(),
};

const boolean: Kind<boolean> = {
  codec: codec.boolean,
  make: (random) => random.below(2) === 0,
  compare: (a, b) => Number(a) - Number(b),
};

const fixed: Kind<Uint8Array> = {
  codec: codec.fixed(3),
  make: (random, near) => {
    const made = random.bytes(3);
    if (near !== undefined && random.below(2) === 0) made.set(near.subarray(0, random.below(4)));
    return made;
  },
  compare: bytes.compare,
};

function desc<T>(of: Kind<T>): Kind<T> {
  return { codec: codec.desc(of.codec), make: of.make, compare: (a, b) => -of.compare(a, b) };
}

function tuple<A, B>(first: Kind<A>, second: Kind<B>): Kind<[A, B]> {
  return {
    codec: codec.tuple<[A, B]>(first.codec, second.codec),
    make(random, near): [A, B] {
      const keep = near !== undefined && random.below(2) === 0;
      return [keep ? near[0] : first.make(random, near?.[0]), second.make(random, near?.[1])];
    },
    compare: (a, b) => first.compare(a[0], b[0]) || second.compare(a[1], b[1]),
  };
}

const i32 = integer(codec.i32, -(2 ** 31), 2 ** 31 - 1);
const u64 = bigint(codec.u64, 0n, 2n ** 64n - 1n);

/** The kinds differ in their types; each is used only with its own values. */
const KINDS: readonly Kind<unknown>[] = [
  bytes,
  string,
  boolean,
  integer(codec.u8, 0, 255),
  integer(codec.u16, 0, 65535),
  integer(codec.u32, 0, 2 ** 32 - 1),
  u64,
  integer(codec.i8, -128, 127),
  integer(codec.i16, -32768, 32767),
  i32,
  bigint(codec.i64, -(2n ** 63n), 2n ** 63n - 1n),
  float(codec.f32, Math.fround, [2 ** -149, 3.4028234663852886e38]),
  float(codec.f64, (value) => value, [Number.MIN_VALUE, Number.MAX_VALUE]),
  date,
  fixed,
  desc(bytes),
  desc(string),
  desc(i32),
  desc(desc(string)),
  tuple(string, i32),
  tuple(bytes, bytes),
  tuple(desc(string), desc(u64)),
  tuple(tuple(string, bytes), desc(tuple(bytes, string))),
];

function encoded<T>(of: KeyCodec<T>, value: T, out: ByteWriter): Uint8Array {
  out.reset();
  of.encode(value, out);
  return out.toBytes();
}

function order(a: Uint8Array, b: Uint8Array): number {
  return Math.sign(compareBytes(a, 0, a.length, b, 0, b.length));
}

/** Structural equality without the cost of an assertion for each of many values. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object") return Object.is(a, b);
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  const left = a as ArrayLike<unknown>;
  const right = b as ArrayLike<unknown>;
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (!same(left[i], right[i])) return false;
  return true;
}

for (const [seed, kind] of KINDS.entries()) {
  test(`${kind.codec.name}: encode keeps the order and decodes to the same`, () => {
    const random = new Generator(seed);
    const out = new ByteWriter();
    for (let pair = 0; pair < PAIRS; pair++) {
      const a = kind.make(random);
      const b = kind.make(random, a);
      const aBytes = encoded(kind.codec, a, out);
      const bBytes = encoded(kind.codec, b, out);
      if (order(aBytes, bBytes) !== Math.sign(kind.compare(a, b))) {
        assert.fail(`order of ${String(a)} and ${String(b)}, pair ${pair}`);
      }
      const back = kind.codec.decode(bBytes, 0, bBytes.length);
      if (!same(b, back)) assert.deepEqual(back, b, `pair ${pair}`);
    }
  });

  test(`${kind.codec.name}: encodeElement keeps the order before anything and ends itself`, () => {
    const random = new Generator(seed + 1000);
    const out = new ByteWriter();
    const reader = new ByteReader(new Uint8Array(0));
    for (let pair = 0; pair < PAIRS; pair++) {
      const a = kind.make(random);
      const b = kind.make(random, a);
      const offset = random.below(4);
      out.reset();
      out.raw(random.bytes(offset));
      kind.codec.encodeElement(a, out);
      const middle = out.length;
      out.raw(random.bytes(random.below(4)));
      const begin = out.length;
      kind.codec.encodeElement(b, out);
      const end = out.length;
      out.raw(random.bytes(random.below(4)));

      const found = compareBytes(out.bytes, offset, begin, out.bytes, begin, out.length);
      const expected = Math.sign(kind.compare(a, b));
      if (expected !== 0 && Math.sign(found) !== expected) {
        assert.fail(`order of ${String(a)} and ${String(b)}, pair ${pair}`);
      }
      reader.reset(out.bytes, offset, begin);
      if (!same(a, kind.codec.decodeElement(reader)) || reader.position !== middle) {
        assert.fail(`element ${String(a)}, pair ${pair}`);
      }
      reader.reset(out.bytes, begin, out.length);
      if (!same(b, kind.codec.decodeElement(reader)) || reader.position !== end) {
        assert.fail(`element ${String(b)}, pair ${pair}`);
      }
    }
  });
}
