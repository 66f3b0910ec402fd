/**
 * A set of serials.
 *
 * @module
 */

/** Serials of one page: 128 bytes. */
const PAGE_SERIALS = 1024;

/** One bit a serial, in pages of 128 bytes where there are any: 10 million in 1.3 MB if they lie close. */
export class SerialSet {
  readonly #pages = new Map<number, Uint8Array>();

  /** Adds a whole number from 0 on. @returns whether it is new */
  add(serial: number): boolean {
    const number = Math.floor(serial / PAGE_SERIALS);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(PAGE_SERIALS / 8);
      this.#pages.set(number, page);
    }
    const bit = serial % PAGE_SERIALS;
    const isNew = !isSet(page, bit);
    page[bit >>> 3] = page[bit >>> 3]! | 1 << (bit & 7);
    return isNew;
  }

  /** Whether a number is in it. */
  has(serial: number): boolean {
    const page = this.#pages.get(Math.floor(serial / PAGE_SERIALS));
    return page !== undefined && isSet(page, serial % PAGE_SERIALS);
  }
}

function isSet(page: Uint8Array, bit: number): boolean {
  return (page[bit >>> 3]! & 1 << (bit & 7)) !== 0;
}
