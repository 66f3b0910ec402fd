import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { ByteReader } from "../../src/base/byte_reader.ts";
import { ByteWriter } from "../../src/base/byte_writer.ts";
import { codec, type KeyCodec } from "../../src/base/codec.ts";
import { compareBytes } from "../../src/base/compare.ts";
import { RecordId } from "../../src/base/record_id.ts";
import { Generator } from "./generator.ts";

/** Pairs of values for each form of each codec. */
const PAIRS = Number(process.env["CODEC_PAIRS"] ?? 5_000);
if (!Number.isSafeInteger(PAIRS) || PAIRS < 1) throw new RangeError("CODEC_PAIRS is no count");

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

/** Appends `count` bytes, every fourth one 0 or 255 on average, so that escapes and ends meet. */
function noise(random: Generator, count: number, out: ByteWriter): void {
  for (let i = 0; i < count; i++) {
    const drawn = random.below(1024);
    out.u8(drawn < 256 ? -(drawn & 1) : drawn);
  }
}

const bytes: Kind<Uint8Array> = {
  codec: codec.bytes,
  make(random, near): Uint8Array {
    const out = new ByteWriter(48);
    const keep = near !== undefined && random.below(4) > 0;
    if (keep) out.raw(near, 0, random.below(near.length + 1));
    noise(random, random.below(keep ? 4 : random.pick([3, 8, 40])), out);
    return out.toBytes();
  },
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
    const points = near === undefined ? [] : [...near];
    points.length = random.below(points.length + 1);
    let text = points.join("");
    for (let i = 0; i < length; i++) text += random.pick(alphabet);
    return text;
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

function bigint(of: KeyCodec<bigint>, bits: 64 | 128, min: bigint): Kind<bigint> {
  const max = min + (1n << BigInt(bits)) - 1n;
  const edges = [min, min + 1n, 0n, 1n, max - 1n, max];
  for (const edge of [1n << 32n, 1n << 63n, 1n << 64n]) {
    edges.push(...[edge - 1n, edge, 1n - edge, -edge].filter((at) => at >= min && at <= max));
  }
  return {
    codec: of,
    make(random, near): bigint {
      if (near !== undefined && random.below(2) === 0) {
        const step = BigInt(random.below(5) - 2) << random.pick([0n, 0n, BigInt(bits / 2)]);
        if (near + step >= min && near + step <= max) return near + step;
      }
      if (random.below(4) === 0) return random.pick(edges);
      const any = bits === 64 ? random.u64() : (random.u64() << 64n) | random.u64();
      // Signed: half as many on either side of 0, small and large.
      const distance = any >> BigInt(random.below(bits));
      return min === 0n
        ? distance
        : BigInt.asIntN(bits, random.below(2) === 0 ? distance : ~distance);
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

const uuid: Kind<string> = {
  codec: codec.uuid,
  make(random, near): string {
    const words = Array.from({ length: 4 }, () => random.u32().toString(16).padStart(8, "0"));
    const text = words.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    if (near === undefined) return text;
    const keep = random.below(37);
    return near.slice(0, keep) + text.slice(keep);
  },
  // Canonical texts have digits in lower case, in the order of their code units.
  compare: (a, b) => a < b ? -1 : a > b ? 1 : 0,
};

const SERIALS = [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];

const recordId: Kind<RecordId> = {
  codec: codec.recordId,
  make(random, near): RecordId {
    const segment = random.below(4) === 0
      ? random.pick([0, 1, 2 ** 31, 2 ** 32 - 1])
      : random.below(random.pick([3, 300, 2 ** 32]));
    const keep = near !== undefined && random.below(2) === 0;
    const serial = random.below(3) === 0
      ? random.pick(SERIALS)
      : Number(random.u64() >> BigInt(11 + random.below(53)));
    return new RecordId(keep ? near.segment : segment, serial);
  },
  compare: (a, b) => compareNumbers(a.segment, b.segment) || compareNumbers(a.serial, b.serial),
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

interface Pair<A, B> {
  readonly b: A;
  readonly a: B;
}

/** The first field comes last in the alphabet, so that the order is seen to be the definition's. */
function struct<A, B>(first: Kind<A>, second: Kind<B>): Kind<Pair<A, B>> {
  return {
    codec: codec.struct<Pair<A, B>>({ b: first.codec, a: second.codec }),
    make(random, near): Pair<A, B> {
      const keep = near !== undefined && random.below(2) === 0;
      const b = keep ? near.b : first.make(random, near?.b);
      const a = second.make(random, near?.a);
      return random.below(2) === 0 ? { a, b } : { b, a };
    },
    compare: (x, y) => first.compare(x.b, y.b) || second.compare(x.a, y.a),
  };
}

const i32 = integer(codec.i32, -(2 ** 31), 2 ** 31 - 1);
const u64 = bigint(codec.u64, 64, 0n);
const u128 = bigint(codec.u128, 128, 0n);
const i128 = bigint(codec.i128, 128, -(2n ** 127n));
const f64 = float(codec.f64, (value) => value, [Number.MIN_VALUE, Number.MAX_VALUE]);

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
  bigint(codec.i64, 64, -(2n ** 63n)),
  u128,
  i128,
  float(codec.f32, Math.fround, [2 ** -149, 3.4028234663852886e38]),
  f64,
  date,
  uuid,
  recordId,
  fixed,
  desc(bytes),
  desc(string),
  desc(i32),
  desc(desc(string)),
  tuple(string, i32),
  tuple(bytes, bytes),
  tuple(desc(string), desc(u64)),
  tuple(tuple(string, bytes), desc(tuple(bytes, string))),
  struct(f64, string),
  desc(u128),
  desc(i128),
  desc(uuid),
  desc(recordId),
  desc(struct(string, i32)),
  tuple(u128, desc(i128)),
  tuple(i128, u128),
  tuple(uuid, desc(uuid)),
  tuple(recordId, desc(recordId)),
  tuple(struct(i32, string), struct(desc(f64), u128)),
  struct(tuple(i32, recordId), struct(i128, uuid)),
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
  if (typeof a !== "object" || a === null) return Object.is(a, b);
  if (typeof b !== "object" || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (Array.isArray(a) || a instanceof Uint8Array) {
    return sameItems(a, b as unknown as ArrayLike<unknown>);
  }
  const names = Object.keys(a);
  if (names.length === 0 || names.length !== Object.keys(b).length) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  return names.every((name) => Object.hasOwn(right, name) && same(left[name], right[name]));
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
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
      noise(random, offset, out);
      kind.codec.encodeElement(a, out);
      const middle = out.length;
      noise(random, random.below(4), out);
      const begin = out.length;
      kind.codec.encodeElement(b, out);
      const end = out.length;
      noise(random, random.below(4), out);

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
