/**
 * Pages that were given up and may not be reused yet. Each waits for up to two things, in turn:
 *
 * 1. *waiting*: an image may reach it, so the superblock of a checkpoint frozen after it was given
 *    up must become durable. A page born since the last freeze is in no image and skips this.
 * 2. *held*: a view reaches it, if the epoch of the view is in [born, freed). It is put down to the
 *    newest such view; when that ends, it goes to the next older one that reaches it, or is free.
 *
 * So a view holds only what it can reach, and its end costs in proportion to what it held.
 *
 * @module
 */

/** Numbers that describe a run in a list: first page, page count, epoch of birth, epoch of its end. */
const FIELDS = 4;

interface WaitingPages {
  /** The checkpoint they wait for. */
  readonly generation: number;
  readonly runs: number[];
}

/** Tracks what was freed, and the views that are open. */
export class FreedPages {
  /** Pages that wait for a checkpoint: copies of them are in use beside them. */
  waitingCount = 0;
  /** Pages that only views need. */
  heldCount = 0;
  /** Epoch of the newest open view, -1 without views. */
  newestView = -1;

  readonly #release: (first: number, count: number) => void;
  /** Epochs of the open views, ascending. */
  readonly #views: number[] = [];
  #waiting: WaitingPages[] = [];
  readonly #held = new Map<number, number[]>();

  /** Hands what nothing needs any more to `release`. */
  constructor(release: (first: number, count: number) => void) {
    this.#release = release;
  }

  /** A view of the state of `epoch` begins; states are told apart by their epochs. */
  beginView(epoch: number): void {
    let at = this.#views.length;
    while (at > 0 && this.#views[at - 1]! > epoch) at--;
    this.#views.splice(at, 0, epoch);
    this.newestView = this.#views[this.#views.length - 1]!;
  }

  /** The view ends: what it held goes to an older view, or is free. */
  endView(epoch: number): void {
    this.#views.splice(this.#views.indexOf(epoch), 1);
    this.newestView = this.#views[this.#views.length - 1] ?? -1;
    const runs = this.#held.get(epoch);
    if (runs === undefined) return;
    this.#held.delete(epoch);
    for (let i = 0; i < runs.length; i += FIELDS) {
      this.heldCount -= runs[i + 1]!;
      this.#place(runs[i]!, runs[i + 1]!, runs[i + 2]!, runs[i + 3]!);
    }
  }

  /** Takes a run that an image may reach: it waits for the checkpoint of `generation`. */
  wait(first: number, count: number, born: number, freed: number, generation: number): void {
    let last = this.#waiting[this.#waiting.length - 1];
    if (last === undefined || last.generation !== generation) {
      last = { generation, runs: [] };
      this.#waiting.push(last);
    }
    last.runs.push(first, count, born, freed);
    this.waitingCount += count;
  }

  /** Takes a run that is in no image: only views may need it. */
  hold(first: number, count: number, born: number, freed: number): void {
    this.#place(first, count, born, freed);
  }

  /** The superblock of the checkpoint of `generation` is durable. */
  settle(generation: number): void {
    const settled = this.#waiting.filter((one) => one.generation <= generation);
    this.#waiting = this.#waiting.filter((one) => one.generation > generation);
    for (const { runs } of settled) {
      for (let i = 0; i < runs.length; i += FIELDS) {
        this.waitingCount -= runs[i + 1]!;
        this.#place(runs[i]!, runs[i + 1]!, runs[i + 2]!, runs[i + 3]!);
      }
    }
  }

  /** Calls back for every run that is not free yet. */
  forEach(visit: (first: number, count: number) => void): void {
    for (const runs of [...this.#waiting.map((one) => one.runs), ...this.#held.values()]) {
      for (let i = 0; i < runs.length; i += FIELDS) visit(runs[i]!, runs[i + 1]!);
    }
  }

  #place(first: number, count: number, born: number, freed: number): void {
    const views = this.#views;
    let at = views.length - 1;
    while (at >= 0 && views[at]! >= freed) at--;
    const view = at >= 0 ? views[at]! : -1;
    if (view < born) return this.#release(first, count);
    const runs = this.#held.get(view);
    if (runs === undefined) this.#held.set(view, [first, count, born, freed]);
    else runs.push(first, count, born, freed);
    this.heldCount += count;
  }
}
