/**
 * A crash-safe register in a file of its own.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import { compareBytes } from "../base/compare.ts";
import type { Codec, KeyCodec } from "../base/key_codec.ts";
import { ConflictError, StateError } from "../errors.ts";
import type { IoAdapter, IoLock } from "../io/adapter.ts";
import { checkSlots, JOURNAL_VALUE_MAX, JournalFile, SLOTS_MIN } from "./journal_file.ts";
import { takeLock } from "./owned_file.ts";

/** How to open a journal. */
export type JournalOptions<T> =
  & {
    /**
     * Places for the value in a new file, 3 to 64, each in 4 KiB blocks of its own, written in turn.
     * Default 3; an existing file keeps its number.
     */
    readonly slots?: number;
  }
  & (
    | {
      /** How values are stored. Its name is in the file. */
      readonly codec: KeyCodec<T>;
      /** Whether the value never gets smaller, in the order of its codec. Default false. */
      readonly monotonic?: boolean;
    }
    | {
      /** How values are stored: one that keeps no order is not fit for a monotonic journal. */
      readonly codec: Codec<T>;
      /** Not with this codec. */
      readonly monotonic?: false;
    }
  );

/** How to change a journal. */
export interface JournalChangeOptions {
  /** Gives up while the change waits for its turn: it rejects with the reason, and nothing changes. */
  readonly signal?: AbortSignal;
}

/** A change that waits for its turn. */
interface Change {
  /** What becomes of the present bytes. */
  readonly apply: (present: Uint8Array) => Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The bytes of a value that is absent. */
const ABSENT = new Uint8Array(1);

/**
 * One value in a file of its own, for what is too small for a database: a high-water mark, a
 * configuration, who leads. After a crash it is the last value or the one before, never a mixture.
 *
 * Changes take effect in call order, each on what those before it left, and those that wait together
 * share one write and one sync. A promise resolves when its value is durable, which `get` shows
 * from then on.
 *
 * ```ts
 * import { codec, Journal } from "@holdfast/holdfast";
 * import { memoryIo } from "@holdfast/holdfast/adapters/memory";
 *
 * const io = memoryIo();
 * const head = await Journal.open(io, "/head.journal", { codec: codec.u64, monotonic: true });
 * await head.update((present = 0n) => present + 10n);
 * const code = await head.update(() => 5n).catch((error) => error.code);
 * console.log(code, head.get()); // DECREASED 10n
 * await head.close();
 * ```
 *
 * Errors: `IoError`. A failed write or sync poisons it: everything later is `POISONED`, `get`
 * goes on with what was durable; close and open it again. A full disk while the file grows fails
 * that change alone. After `close` everything is `CLOSED`.
 */
export class Journal<T> {
  /**
   * Slots that opening found damaged, from 0. A crash damages only the one that is being written, whose
   * value was not acknowledged; otherwise the value may be the one before the last.
   */
  readonly damagedSlots: readonly number[];

  readonly #io: IoAdapter;
  readonly #lock: IoLock;
  readonly #file: JournalFile;
  readonly #codec: Codec<T>;
  readonly #monotonic: boolean;
  readonly #out = new ByteWriter(64);
  #bytes: Uint8Array;
  #queue: Change[] = [];
  #working: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #cause: unknown = undefined;
  #isSpread = true;

  private constructor(
    io: IoAdapter,
    lock: IoLock,
    file: JournalFile,
    bytes: Uint8Array,
    { codec, monotonic = false }: JournalOptions<T>,
  ) {
    this.#io = io;
    this.#lock = lock;
    this.#file = file;
    this.#codec = codec;
    this.#monotonic = monotonic;
    this.#bytes = bytes;
    this.damagedSlots = file.damaged;
  }

  /**
   * Opens the journal in the file `name`, which is created if it is missing; its folder must exist.
   * The one who opens it owns it until `close`, or until the process ends, however it ends. When this
   * resolves, the value that `get` shows is durable.
   *
   * @throws {TypeError} if a monotonic one has a codec that keeps no order
   * @throws {RangeError} if `slots` is out of its bounds
   * @throws {StateError} `LOCKED`: it has an owner; `TYPE_MISMATCH`: another codec, or monotonic and
   *   not; `TOO_LARGE`: the name of the codec has more than 4000 bytes
   * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
   * @throws {CorruptionError} `CORRUPT_JOURNAL`: no slot is intact
   */
  static async open<T>(
    io: IoAdapter,
    name: string,
    options: JournalOptions<T>,
  ): Promise<Journal<T>> {
    const { codec, slots = SLOTS_MIN, monotonic = false } = options;
    if (typeof codec?.encode !== "function") throw new TypeError("A journal needs a codec");
    if (monotonic && (codec as Partial<KeyCodec<T>>).ordered !== true) {
      throw new TypeError("A monotonic journal needs an order-preserving codec");
    }
    checkSlots(slots);
    const lock = await takeLock(io, name);
    try {
      const kind = { codecName: codec.name, monotonic };
      const { file, value } = await JournalFile.open(io, lock.path, kind, slots);
      return new Journal(io, lock, file, value, options);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * The newest durable value, owned by the caller; `undefined` if there is none.
   * @throws {StateError} `CLOSED`
   */
  get(): T | undefined {
    this.#checkOpen();
    return this.#decode(this.#bytes);
  }

  /**
   * Sets what `change` makes of the present value, which it owns and which may be newer than what
   * `get` shows; `undefined` stands for none, before and after. `change` runs when its turn comes,
   * once, and must not be asynchronous.
   *
   * @returns what `change` returned, when it is durable
   * @throws what `change` or the codec throws: nothing has changed then
   * @throws {ConflictError} `DECREASED`: the journal is monotonic and keeps its greater value
   * @throws {StateError} `TOO_LARGE`: the value has more than 64 MiB; `POISONED`, `CLOSED`
   */
  async update<R extends T | undefined>(
    change: (present: T | undefined) => R,
    options: JournalChangeOptions = {},
  ): Promise<R> {
    let made: { readonly value: R } | undefined;
    await this.#enqueue((present) => {
      const value = change(this.#decode(present));
      made = { value };
      return this.#encode(value, present);
    }, options);
    return made!.value;
  }

  /**
   * Sets `next` if the value is what the caller expects, byte by byte: `undefined` stands for none,
   * before and after.
   * @returns whether it was as expected, when what it was compared with is durable
   * @throws what `update` throws
   */
  async compareAndSet(
    expected: T | undefined,
    next: T | undefined,
    options: JournalChangeOptions = {},
  ): Promise<boolean> {
    let isEqual = false;
    await this.#enqueue((present) => {
      isEqual = compare(this.#encoded(expected), present) === 0;
      return isEqual ? this.#encode(next, present) : present;
    }, options);
    return isEqual;
  }

  /**
   * Waits for the changes that were begun, writes the value once more, so that any one slot may go
   * bad, and frees the file. Idempotent.
   * @throws {IoError} the file is free nevertheless, and every change that resolved is durable
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.#working;
      if (!this.#isSpread && !this.#file.failed) await this.#file.write(this.#bytes);
    } finally {
      this.#file.close();
      this.#lock.release();
    }
  }

  #enqueue(
    apply: (present: Uint8Array) => Uint8Array,
    { signal }: JournalChangeOptions,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      this.#queue.push({ apply, signal, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      // The other calls of this turn share the write.
      await new Promise<void>((resolve) => this.#io.nextTurn(resolve));
      await this.#writeTogether(this.#queue.splice(0));
    }
    this.#working = undefined;
  }

  async #writeTogether(changes: readonly Change[]): Promise<void> {
    let bytes = this.#bytes;
    const done: Change[] = [];
    for (const change of changes) {
      try {
        change.signal?.throwIfAborted();
        if (this.#file.failed) throw this.#poisoned();
        bytes = change.apply(bytes);
        done.push(change);
      } catch (error) {
        change.reject(error);
      }
    }
    try {
      if (bytes !== this.#bytes) {
        this.#isSpread = false;
        // Durable after this: the newest value of this turn; those before it never need to be.
        await this.#file.write(bytes);
        this.#bytes = bytes;
      }
      for (const change of done) change.resolve();
    } catch (error) {
      this.#cause = error;
      for (const change of done) change.reject(error);
    }
  }

  #encode(value: T | undefined, present: Uint8Array): Uint8Array {
    const bytes = this.#encoded(value);
    const order = compare(bytes, present);
    if (this.#monotonic && order < 0) {
      throw new ConflictError(
        "DECREASED",
        `Cannot set the journal "${this.#lock.path}" to a smaller value: it keeps the one it has`,
        { path: this.#lock.path },
      );
    }
    return order === 0 ? present : bytes;
  }

  #encoded(value: T | undefined): Uint8Array {
    if (value === undefined) return ABSENT;
    if (value instanceof Promise) throw new TypeError("A change of a journal is synchronous");
    const out = this.#out;
    out.reset();
    out.u8(1);
    this.#codec.encode(value, out);
    if (out.length - 1 > JOURNAL_VALUE_MAX) {
      throw new StateError(
        "TOO_LARGE",
        `A value of ${out.length - 1} bytes is over the limit of ${JOURNAL_VALUE_MAX}`,
        { path: this.#lock.path },
      );
    }
    const bytes = out.toBytes();
    out.shrink();
    return bytes;
  }

  #decode(bytes: Uint8Array): T | undefined {
    // A copy, because some codecs give views of their bytes.
    return bytes[0] === 0 ? undefined : this.#codec.decode(bytes.slice(1), 0, bytes.length - 1);
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    const { path } = this.#lock;
    throw new StateError("CLOSED", `The journal "${path}" was closed`, { path });
  }

  #poisoned(): StateError {
    const { path } = this.#lock;
    return new StateError(
      "POISONED",
      `Cannot change the journal "${path}": an earlier write or sync failed; open it again`,
      { path, cause: this.#cause },
    );
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}
