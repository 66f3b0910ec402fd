/**
 * A tree of values that expire, as if those that have expired were not there and the others had no
 * time with them.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { Digest } from "../../base/digest.ts";
import type { Codec } from "../../base/key_codec.ts";
import type { HeldCursor, HeldTree, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import type { KeyBatch } from "../../kernel/tree/find_many.ts";
import type { Draft } from "../../kernel/transaction/drafts.ts";
import type { Guard } from "../../kernel/transaction/witness.ts";
import { visitCursor, WHOLE } from "../cursor_iterator.ts";
import { EXPIRES_AT, hasExpired, LiveCodec, NEVER } from "./expiring_value.ts";
import { LiveCursor } from "./live_cursor.ts";

/** Values are put together with their times here; nothing keeps them beyond a call. */
const valueBytes = new ByteWriter(256);

/** Reads such a tree. */
export class LiveReader implements TreeReader {
  readonly #tree: TreeReader;
  readonly #now: number | undefined;

  /** Reads at the time of the tree, or always at `now`: at 0 nothing has expired. */
  constructor(tree: TreeReader, now?: number) {
    this.#tree = tree;
    this.#now = now;
  }

  get id(): number {
    return this.#tree.id;
  }

  get revision(): number {
    return this.#tree.revision;
  }

  now(): number {
    return this.#now ?? this.#tree.now();
  }

  digest(name: string): Digest {
    return this.#tree.digest(name);
  }

  get<T>(key: ByteWriter, codec: Codec<T>): T | undefined {
    return this.#tree.get(key, new LiveCodec(codec, this.now()));
  }

  getMany<T>(keys: KeyBatch, codec: Codec<T>): (T | undefined)[] {
    return this.#tree.getMany(keys, new LiveCodec(codec, this.now()));
  }

  /** When the value of a key expires, `NEVER`, or `undefined` when there is none. */
  expiresAt(key: ByteWriter): number | undefined {
    const expiresAt = this.#tree.get(key, EXPIRES_AT);
    return expiresAt === undefined || hasExpired(expiresAt, this.now()) ? undefined : expiresAt;
  }

  has(key: ByteWriter): boolean {
    return this.expiresAt(key) !== undefined;
  }

  count(): number {
    return visitCursor(this.cursor({}), WHOLE);
  }

  lastKey(out: ByteWriter): boolean {
    out.reset();
    const last = { offset: 0, limit: 1 };
    return visitCursor(this.cursor({ reverse: true }), last, (at) => {
      out.raw(at.keyBytes, at.keyBegin, at.keyEnd);
    }) > 0;
  }

  cursor(bounds: KeyBounds): HeldCursor {
    return new LiveCursor(this.#tree.cursor(bounds), this.now());
  }

  hold(): HeldTree {
    return new LiveHeld(this.#tree.hold(), this.#now);
  }
}

/** A {@linkcode LiveReader} of a held tree, whose time stands still. */
class LiveHeld extends LiveReader implements HeldTree {
  readonly #held: HeldTree;

  constructor(held: HeldTree, now: number | undefined) {
    super(held, now);
    this.#held = held;
  }

  close(): void {
    this.#held.close();
  }
}

/** Reads and changes such a tree. What has expired is replaced as if it were not there. */
export class LiveWriter extends LiveReader implements TreeWriter {
  /** When what is put expires; `undefined`: when the value that it replaces would have. */
  expiry: number | undefined;
  readonly #tree: TreeWriter;

  /** Works on the tree of a transaction. */
  constructor(tree: TreeWriter) {
    super(tree);
    this.#tree = tree;
  }

  get alone(): boolean {
    return this.#tree.alone;
  }

  put(key: ByteWriter, bytes: Uint8Array, length: number, guard?: Guard): void {
    const expiresAt = this.expiry ?? this.aside(() => this.expiresAt(key)) ?? NEVER;
    valueBytes.reset();
    valueBytes.varint(expiresAt);
    valueBytes.raw(bytes, 0, length);
    this.#tree.put(key, valueBytes.bytes, valueBytes.length, guard);
    valueBytes.shrink();
  }

  remove(key: ByteWriter, guard?: Guard): boolean {
    const isLive = this.probe(key);
    return this.#tree.remove(key, guard) && isLive;
  }

  probe(key: ByteWriter): boolean {
    return this.#tree.probe(key) && this.aside(() => this.has(key));
  }

  aside<T>(body: () => T): T {
    return this.#tree.aside(body);
  }

  atomic<T>(steps: () => T): T {
    return this.#tree.atomic(steps);
  }

  claim(): void {
    this.#tree.claim();
  }

  draft(draft: Draft, key?: ByteWriter): void {
    this.#tree.draft(draft, key);
  }

  takeSerial(first: (tree: TreeReader) => number): number {
    return this.#tree.takeSerial(first);
  }
}
