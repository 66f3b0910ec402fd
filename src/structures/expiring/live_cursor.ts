/**
 * A walk that passes over what has expired.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import type { HeldCursor } from "../../kernel/definition.ts";
import { CursorEntry } from "../../kernel/tree/tree_cursor.ts";
import { hasExpired } from "./expiring_value.ts";

/** Entries whose values have not expired, without the times at which they do. */
export class LiveCursor extends CursorEntry implements HeldCursor {
  readonly #inner: HeldCursor;
  readonly #now: number;

  /** Takes over a cursor, at a time. */
  constructor(inner: HeldCursor, now: number) {
    super();
    this.#inner = inner;
    this.#now = now;
  }

  next(): boolean {
    const inner = this.#inner;
    while (inner.next()) {
      this.takeValue(inner);
      const reader = new ByteReader(this.valueBytes, this.valueBegin, this.valueEnd);
      if (hasExpired(reader.varint(), this.#now)) continue;
      this.takeKey(inner);
      this.valueBegin = reader.position;
      return true;
    }
    return false;
  }

  /** It is there: without it nobody knows whether the entry is. */
  loadValue(): void {}

  close(): void {
    this.#inner.close();
  }
}

/** Entries of a secondary index whose records are there. */
export class LivePartCursor extends CursorEntry implements HeldCursor {
  readonly #inner: HeldCursor;
  readonly #isLive: (entry: HeldCursor) => boolean;
  readonly #records: { close(): void };

  /** Takes over a cursor, and the view of the records that `isLive` looks at. */
  constructor(
    inner: HeldCursor,
    records: { close(): void },
    isLive: (entry: HeldCursor) => boolean,
  ) {
    super();
    this.#inner = inner;
    this.#records = records;
    this.#isLive = isLive;
  }

  next(): boolean {
    const inner = this.#inner;
    while (inner.next()) {
      if (!this.#isLive(inner)) continue;
      this.takeKey(inner);
      return true;
    }
    this.#records.close();
    return false;
  }

  loadValue(): void {
    this.takeValue(this.#inner);
  }

  close(): void {
    this.#inner.close();
    this.#records.close();
  }
}
