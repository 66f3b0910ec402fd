/**
 * Names of records.
 *
 * @module
 */

const SEGMENT_MAX = 2 ** 32 - 1;

/** Numbers without leading zeros, as many digits as the largest has. */
const FORM = /^(0|[1-9][0-9]{0,9})-(0|[1-9][0-9]{0,15})$/;

/**
 * Names a record of a segment. It stays the same over updates of the record, compaction and
 * reopening, and is never given to another record, also after the record is deleted.
 *
 * Immutable. `codec.recordId` orders ids by segment, then by serial; text does not sort so.
 *
 * ```ts
 * import { RecordId } from "./record_id.ts";
 *
 * const id = new RecordId(3, 17);
 * console.log(`${id}`, RecordId.parse("3-17").equals(id)); // 3-17 true
 * ```
 */
export class RecordId {
  /** Number of the segment, an integer from 0 to 2^32 - 1. */
  readonly segment: number;
  /** Number of the record in its segment, an integer from 0 to 2^53 - 1. */
  readonly serial: number;

  /**
   * Makes the id of a record that need not exist.
   *
   * @throws {TypeError} if an argument is not a number
   * @throws {RangeError} if a number is not an integer or is too small or too large
   */
  constructor(segment: number, serial: number) {
    // Adding 0 turns -0 into 0, so that equal ids are the same in every comparison.
    this.segment = checked("segment", segment, SEGMENT_MAX) + 0;
    this.serial = checked("serial", serial, Number.MAX_SAFE_INTEGER) + 0;
    Object.freeze(this);
  }

  /**
   * The id whose `toString()` is `text`.
   *
   * @throws {TypeError} if `text` is not a string
   * @throws {RangeError} if no id has this text
   */
  static parse(text: string): RecordId {
    if (typeof text !== "string") {
      throw new TypeError(`the text of a record id is a string, not this ${typeof text}`);
    }
    const parts = FORM.exec(text);
    if (parts === null) throw new RangeError("the text is not that of a record id");
    return new RecordId(Number(parts[1]), Number(parts[2]));
  }

  /** Whether `other` names the same record. */
  equals(other: RecordId): boolean {
    return this.segment === other.segment && this.serial === other.serial;
  }

  /** `segment-serial`, both in decimal without leading zeros. */
  toString(): string {
    return `${this.segment}-${this.serial}`;
  }
}

function checked(what: string, value: number, max: number): number {
  if (typeof value !== "number") {
    throw new TypeError(`the ${what} of a record id is a number, not this ${typeof value}`);
  }
  if (!(Number.isInteger(value) && value >= 0 && value <= max)) {
    throw new RangeError(`the ${what} of a record id is an integer from 0 to ${max}, not ${value}`);
  }
  return value;
}
