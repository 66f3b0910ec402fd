/**
 * One value that is kept.
 *
 * Tree: no entry, or one whose key has no bytes and whose value is the value.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import { codec as codecs } from "../base/codec.ts";
import { compareBytes } from "../base/compare.ts";
import type { Codec, KeyCodec } from "../base/key_codec.ts";
import { ConflictError } from "../errors.ts";
import type { Change, ChangeFeed, ChangeOf } from "../kernel/watch/change.ts";
import type { Definition, TreeReader, TreeWriter } from "../kernel/definition.ts";
import type { KeyBounds } from "../kernel/tree/tree_cursor.ts";
import type { Guard } from "../kernel/transaction/witness.ts";

/** Options of a register. */
export interface RegisterOptions {
  /**
   * Whether the value never gets smaller, in the order of its codec: that of the encoded bytes.
   * @default false
   */
  readonly monotonic?: boolean;
}

/** Reads a register. */
export interface RegisterReader<T> {
  /** The value, owned by the caller; `undefined` while none was ever set. */
  get(): T | undefined;
}

/**
 * Reads and changes a register in a transaction. Values are equal if their bytes are.
 *
 * Of a monotonic register the methods throw `DECREASED` for a value below the present one, which
 * stays; one that is equal changes nothing. Of transactions that raise it at the same time the
 * first to commit wins, at every isolation: what is committed never gets smaller.
 */
export interface RegisterWriter<T> extends RegisterReader<T> {
  /**
   * Sets the value. Not monotonic, it replaces what others commit meanwhile where the isolation says
   * so (`"last-win"`).
   * @throws {ConflictError} `DECREASED`; `IN_DOUBT`: a prepared transaction changes it
   * @throws {StateError} `TOO_LARGE`
   */
  set(value: T): void;
  /**
   * Sets what `change` makes of the present value, which is `undefined` if there is none;
   * `undefined` takes the value away. Nothing that others commit is lost, at every isolation: if the
   * value changes between the read and the commit, that is `CONFLICT`.
   *
   * ```ts
   * import { codec, Database, register } from "@holdfast/holdfast";
   *
   * const visits = register("visits", codec.u32);
   * const db = await Database.memory();
   * const count = await db.update((tx) => tx.open(visits).update((n = 0) => n + 1));
   * console.log(count, db.open(visits).get()); // 1 1
   * await db.close();
   * ```
   *
   * @returns what `change` returned
   * @throws what `change` throws, and what `set` throws; nothing has changed then
   * @throws {ConflictError} `CONFLICT`: others changed it while `change` ran
   */
  update<R extends T | undefined>(change: (present: T | undefined) => R): R;
  /**
   * Sets `next` if the value is what the caller expects: `undefined` stands for none, before and
   * after. If others change the value before the commit, that is `CONFLICT`, at every isolation.
   * @returns whether it was as expected
   * @throws what `set` throws
   */
  compareAndSet(expected: T | undefined, next: T | undefined): boolean;
}

/** The access types of a register. */
export interface RegisterAccess<T> {
  /** `db.open(...)`. */
  readonly reader: RegisterReader<T>;
  /** `tx.open(...)`. */
  readonly writer: RegisterWriter<T>;
  /** `db.watch(...)`. */
  readonly change: Change<undefined, T>;
}

/**
 * Defines a register: one value. A monotonic one refuses a smaller value with `ConflictError` of
 * code `DECREASED`, which `Database.update` does not retry; it needs an order-preserving codec.
 *
 * ```ts
 * import { codec, Database, register } from "@holdfast/holdfast";
 *
 * const highest = register("highest", codec.u32, { monotonic: true });
 * const db = await Database.memory();
 * await db.update((tx) => tx.open(highest).set(7));
 * const code = await db.update((tx) => tx.open(highest).set(5)).catch((error) => error.code);
 * console.log(code, db.open(highest).get()); // DECREASED 7
 * await db.close();
 * ```
 *
 * @throws {TypeError} unless there is a codec, for a monotonic one an order-preserving one
 */
export function register<T>(
  name: string,
  codec: KeyCodec<T>,
  options?: RegisterOptions,
): Definition<RegisterAccess<T>>;
/** Defines a register of any codec. */
export function register<T>(
  name: string,
  codec: Codec<T>,
  options?: { readonly monotonic?: false },
): Definition<RegisterAccess<T>>;
export function register<T>(
  name: string,
  codec: Codec<T> & { readonly ordered?: true },
  options: RegisterOptions = {},
): Definition<RegisterAccess<T>> {
  const { monotonic = false } = options;
  if (typeof codec?.encode !== "function") throw new TypeError("A register needs a codec");
  if (monotonic && codec.ordered !== true) {
    throw new TypeError("A monotonic register needs an order-preserving codec");
  }
  return {
    name,
    kind: "register",
    format: `${monotonic ? "monotonic" : "any"}(${codec.name})`,
    reader: (tree) => new ValueReader(tree, codec),
    writer: (tree) => new ValueWriter(tree, codec, monotonic),
    feed: feedOf(codec),
  };
}

/** The key of the one entry. */
const KEY = new ByteWriter(0);

/** Values are encoded here; nothing keeps them beyond a call. */
const valueBytes = new ByteWriter(256);

function feedOf<T>(codec: Codec<T>): ChangeFeed<RegisterAccess<T>> {
  return {
    bounds: (range): KeyBounds => {
      const [unknown] = Object.keys(range as object);
      if (unknown !== undefined) throw new TypeError(`Unknown option "${unknown}" of a watch`);
      return {};
    },
    decode: ({ kind, value, sequence }): ChangeOf<RegisterAccess<T>> =>
      kind === "remove"
        ? { kind, key: undefined, value: undefined, sequence }
        : { kind, key: undefined, value: codec.decode(value, 0, value.length), sequence },
  };
}

class ValueReader<T> implements RegisterReader<T> {
  readonly #tree: TreeReader;
  readonly #codec: Codec<T>;

  constructor(tree: TreeReader, codec: Codec<T>) {
    this.#tree = tree;
    this.#codec = codec;
  }

  get(): T | undefined {
    return this.#tree.get(KEY, this.#codec);
  }
}

class ValueWriter<T> extends ValueReader<T> implements RegisterWriter<T> {
  readonly #tree: TreeWriter;
  readonly #codec: Codec<T>;
  readonly #monotonic: boolean;

  constructor(tree: TreeWriter, codec: Codec<T>, monotonic: boolean) {
    super(tree, codec);
    this.#tree = tree;
    this.#codec = codec;
    this.#monotonic = monotonic;
  }

  set(value: T): void {
    this.#write(value, undefined);
  }

  update<R extends T | undefined>(change: (present: T | undefined) => R): R {
    const tree = this.#tree;
    const present = this.get();
    const before = this.#now();
    const { revision } = tree;
    const next = change(present);
    // The guard of the write looks no further back than the write.
    if (tree.revision !== revision && !isEqual(before, this.#now())) {
      throw new ConflictError(
        "CONFLICT",
        "Cannot update a register: it was changed by others while the update ran",
      );
    }
    this.#write(next, "unchanged");
    return next;
  }

  compareAndSet(expected: T | undefined, next: T | undefined): boolean {
    const present = this.#tree.get(KEY, codecs.bytes);
    if (expected === undefined || present === undefined) {
      if (expected !== undefined || present !== undefined) return false;
    } else {
      this.#encode(expected);
      if (compareEncoded(present) !== 0) return false;
    }
    this.#write(next, "unchanged");
    return true;
  }

  /** With a guard nobody else may change the value before the commit. */
  #write(value: T | undefined, guard: Guard | undefined): void {
    const tree = this.#tree;
    if (value === undefined) {
      if (this.#monotonic && tree.probe(KEY)) throw decreased();
      // There is no entry that a guard could be for.
      if (!tree.remove(KEY, guard) && guard !== undefined) tree.claim();
      return;
    }
    this.#encode(value);
    if (this.#monotonic && tree.probe(KEY)) {
      const order = compareEncoded(this.#now()!);
      if (order > 0) throw decreased();
      if (order === 0 && guard === undefined) return;
    }
    // Of a monotonic one, what was compared must be what is replaced.
    tree.put(KEY, valueBytes.bytes, valueBytes.length, this.#monotonic ? "unchanged" : guard);
    valueBytes.shrink();
  }

  /** The bytes of the present value, read for the sake of a change of it. */
  #now(): Uint8Array | undefined {
    return this.#tree.aside(() => this.#tree.get(KEY, codecs.bytes));
  }

  #encode(value: T): void {
    valueBytes.reset();
    this.#codec.encode(value, valueBytes);
  }
}

/** Where bytes stand to the value that was encoded last. */
function compareEncoded(bytes: Uint8Array): number {
  return compareBytes(bytes, 0, bytes.length, valueBytes.bytes, 0, valueBytes.length);
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return compareBytes(a, 0, a.length, b, 0, b.length) === 0;
}

function decreased(): ConflictError {
  return new ConflictError(
    "DECREASED",
    "Cannot set a monotonic register to a smaller value: it keeps the one it has",
  );
}
