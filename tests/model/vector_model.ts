/**
 * A vector as a plain map: what is set, by index, and a length.
 *
 * @module
 */

/** Elements are stamps: small numbers of which the real ones are made. */
export class VectorModel {
  length = 0;
  readonly #set = new Map<number, number>();
  /** The stamp that absent elements read as. */
  readonly #absent: number | undefined;

  constructor(absent: number | undefined) {
    this.#absent = absent;
  }

  copy(): VectorModel {
    const copy = new VectorModel(this.#absent);
    copy.length = this.length;
    for (const [index, stamp] of this.#set) copy.#set.set(index, stamp);
    return copy;
  }

  get(index: number): number | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    return this.#set.get(index) ?? this.#absent;
  }

  has(index: number): boolean {
    return this.#set.has(index);
  }

  /** Entries in a range, absent ones where they read as something. */
  entries(from: number, to: number): [number, number][] {
    if (this.#absent === undefined) {
      const within = [...this.#set].filter(([index]) => index >= from && index < to);
      return within.sort(([a], [b]) => a - b);
    }
    const found: [number, number][] = [];
    for (let i = from; i < Math.min(to, this.length); i++) found.push([i, this.get(i)!]);
    return found;
  }

  set(index: number, stamp: number): void {
    this.#set.set(index, stamp);
    this.length = Math.max(this.length, index + 1);
  }

  push(...stamps: number[]): number {
    for (const stamp of stamps) this.set(this.length, stamp);
    return this.length;
  }

  delete(index: number): boolean {
    return this.#set.delete(index);
  }

  pop(): number | undefined {
    if (this.length === 0) return undefined;
    return this.swapRemove(this.length - 1);
  }

  swapRemove(index: number): number | undefined {
    const removed = this.get(index);
    if (index >= this.length) return undefined;
    this.#put(index, this.#set.get(this.length - 1));
    this.truncate(this.length - 1);
    return removed;
  }

  removeAt(index: number): number | undefined {
    const removed = this.get(index);
    if (index >= this.length) return undefined;
    this.delete(index);
    this.#move(index + 1, -1);
    this.length--;
    return removed;
  }

  insert(index: number, ...stamps: number[]): number {
    this.#move(index, stamps.length);
    this.length += stamps.length;
    stamps.forEach((stamp, i) => this.#set.set(index + i, stamp));
    return this.length;
  }

  truncate(length: number): void {
    for (const index of [...this.#set.keys()]) if (index >= length) this.#set.delete(index);
    this.length = Math.min(this.length, length);
  }

  resize(length: number, stamp?: number): void {
    if (length <= this.length) return this.truncate(length);
    const from = this.length;
    this.length = length;
    if (stamp !== undefined) this.fill(stamp, from, length);
  }

  fill(stamp: number, from: number, to: number): void {
    for (let i = from; i < Math.min(to, this.length); i++) this.#set.set(i, stamp);
  }

  #put(index: number, stamp: number | undefined): void {
    if (stamp === undefined) this.#set.delete(index);
    else this.#set.set(index, stamp);
  }

  #move(from: number, by: number): void {
    const moved = [...this.#set].filter(([index]) => index >= from);
    for (const [index] of moved) this.#set.delete(index);
    for (const [index, stamp] of moved) this.#set.set(index + by, stamp);
  }
}
