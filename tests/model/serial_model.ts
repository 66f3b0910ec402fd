/**
 * The segment and the log of the model: entries by number, and where numbers end in one more entry
 * once the highest was removed.
 *
 * @module
 */

import { serialName, type Token } from "./definitions.ts";
import { Refusal } from "./refusal.ts";
import { HEAD } from "./state.ts";
import type { TransactionModel } from "./transaction_model.ts";
import type { ViewModel, WalkPlan } from "./view_model.ts";

/** How far ahead a segment keeps the end of its numbers when it deletes. */
const HEAD_STEP = 256;

/** The numbered entries behind `after` or from `from` on: name and token. */
export function scanOf(
  view: ViewModel,
  tree: "notes" | "audit",
  { after, from, reverse = false, limit = Infinity }: {
    readonly after?: string;
    readonly from?: string;
    readonly reverse?: boolean;
    readonly limit?: number;
  },
): [string, string][] {
  const plan: WalkPlan = {
    within: (key) =>
      key < HEAD && (from === undefined || key >= from) &&
      (after === undefined || (reverse ? key < after : key > after)),
    reverse,
    steps: limit,
  };
  return view.walk(tree, plan);
}

/** Number of records of the segment. */
export function countNotes(view: ViewModel): number {
  const count = view.count("notes");
  return view.has("notes", HEAD) ? count - 1 : count;
}

/** The number after the last one of the log. */
export function headOfLog(view: ViewModel): number {
  const last = view.lastKey("audit");
  if (last === undefined) return 0;
  if (last !== HEAD) return Number(last) + 1;
  const [record] = view.walk("audit", { within: (key) => key < HEAD, reverse: true, steps: 1 });
  const kept = Number(view.get("audit", HEAD));
  return Math.max(kept, record === undefined ? 0 : Number(record[0]) + 1);
}

/** Changes the segment. */
export class NotesModel {
  readonly #tx: TransactionModel;

  constructor(tx: TransactionModel) {
    this.#tx = tx;
  }

  insert(serial: number, value: Token): void {
    this.#tx.put("notes", serialName(serial), value);
  }

  update(name: string, value: Token): void {
    this.#expect(name);
    this.#tx.put("notes", name, value, "present");
  }

  delete(name: string): void {
    this.#expect(name);
    this.#tx.remove("notes", name, "present");
    const kept = Number(this.#tx.peek("notes", HEAD) ?? 0);
    if (Number(name) >= kept) {
      this.#tx.put("notes", HEAD, String(Number(name) + HEAD_STEP), "unchanged");
    }
  }

  #expect(name: string): void {
    if (!this.#tx.probe("notes", name)) throw new Refusal("NOT_FOUND");
  }
}

const heads = new WeakMap<TransactionModel, { readonly head: number; readonly revision: string }>();

/** Changes the log. A transaction asks for the head once, until its view moves. */
export class AuditModel {
  readonly #tx: TransactionModel;

  constructor(tx: TransactionModel) {
    this.#tx = tx;
  }

  head(): number {
    const known = heads.get(this.#tx);
    const head = known?.revision === this.#revision ? known.head : headOfLog(this.#tx);
    this.#remember(head);
    return head;
  }

  append(value: Token): number {
    const offset = this.head();
    this.#tx.put("audit", serialName(offset), value, "unchanged");
    this.#remember(offset + 1);
    return offset;
  }

  trim(before: number): number {
    const head = this.head();
    const upper = serialName(Math.min(before, head));
    const removed = this.#tx.walk("audit", { within: (key) => key < upper }, (key) => {
      this.#tx.remove("audit", key);
    });
    if (removed.length > 0 && before >= head) {
      this.#tx.put("audit", HEAD, String(head), "unchanged");
    }
    return removed.length;
  }

  get #revision(): string {
    return `${this.#tx.undone} ${this.#tx.moment}`;
  }

  #remember(head: number): void {
    heads.set(this.#tx, { head, revision: this.#revision });
  }
}
