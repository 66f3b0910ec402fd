/**
 * The structures that a transaction has opened, created and dropped.
 *
 * @module
 */

import { allOrNothing } from "../transaction/all_or_nothing.ts";
import type { ChangeMark } from "../transaction/savepoint.ts";
import type { Definition, Writer } from "../definition.ts";
import { dropTree, treeOf } from "./structure_tree.ts";
import { enterUpgrade, findUpgrade } from "./structure_upgrade.ts";
import type { TransactionHost } from "../transaction/transaction.ts";
import { TransactionTree, type TreeOwner } from "../transaction/transaction_tree.ts";
import { TreeChanges } from "../tree/tree_changes.ts";

/** A view that was given out. */
interface Opened {
  readonly definition: Definition<unknown>;
  readonly tree: TransactionTree;
  readonly writer: unknown;
}

/** A structure was created or dropped, or goes on in another format. */
interface Change {
  /** How many operations of the transaction came before. */
  readonly operations: number;
  /** The tree that was created, or has another format now; -1 for a drop. */
  readonly created: number;
  /** Whether what others know of the catalog holds no longer. */
  readonly redefines: boolean;
  /** The views that a drop has ended. */
  readonly ended: readonly Opened[];
}

const NOTHING: readonly Opened[] = [];

/** What `Transaction.open` and `drop` keep. */
export class OpenedStructures {
  readonly #host: TransactionHost;
  readonly #transaction: TreeOwner;
  /** The view asked for last; most transactions have one or two. */
  #last: Opened | undefined;
  /** All, once there were two. */
  #others: Map<Definition<unknown>, Opened> | undefined;
  #changes: Change[] | undefined;
  /** Drops and changes of format that were not taken back. */
  #redefinitions = 0;

  /** Those of a transaction that has just begun. */
  constructor(host: TransactionHost, transaction: TreeOwner) {
    this.#host = host;
    this.#transaction = transaction;
  }

  /** Whether it drops something or changes a format. */
  get hasRedefined(): boolean {
    return this.#redefinitions > 0;
  }

  /** What is open. */
  *opened(): Generator<Definition<unknown>> {
    for (const { definition } of this.#views()) yield definition;
  }

  /**
   * The writing view of a structure, which is created if there is none.
   * What it threw for is not there: no part of it was created.
   * @throws {StateError} `TYPE_MISMATCH`, `TOO_LARGE` (name or definition)
   */
  open(definition: Definition<unknown>): unknown {
    if (this.#last?.definition === definition) return this.#last.writer;
    const known = this.#others?.get(definition);
    if (known !== undefined) return known.writer;
    return allOrNothing(this.#transaction, () => this.#openFirst(definition));
  }

  #openFirst(definition: Definition<unknown>): unknown {
    const transaction = this.#transaction;
    const { count } = transaction.view.own;
    const isKnown = this.#host.committed.get(definition, this.#since) !== undefined;
    const upgrade = isKnown ? undefined : findUpgrade(this.#host, transaction, definition);
    if (upgrade === undefined) return this.#enter(definition, count, false);
    enterUpgrade(this.#host, transaction, definition);
    for (const part of upgrade.gone) this.#drop(part);
    const writer = this.#enter(definition, count, true);
    upgrade.run(writer as Writer<unknown>);
    return writer;
  }

  /** Makes a view; what was entered in the catalog after `operations` is taken back with it. */
  #enter(definition: Definition<unknown>, operations: number, redefines: boolean): unknown {
    const transaction = this.#transaction;
    if (redefines) this.#redefinitions++;
    const id = treeOf(this.#host, transaction, definition, this.#since);
    if (transaction.view.own.count > operations) {
      this.#changes ??= [];
      this.#changes.push({ operations, created: id, redefines, ended: NOTHING });
    }
    const tree = new TransactionTree(transaction, id);
    for (const opened of this.#views()) {
      if (opened.tree.tree === id) opened.tree.alone = tree.alone = false;
    }
    const changes = new TreeChanges(this.#host.engine, tree);
    const writer = definition.writer(changes, (other) => transaction.open(other));
    this.#keep({ definition, tree, writer });
    return writer;
  }

  /** Which commits its views see; -1 when it sees others than any later view. */
  get #since(): number {
    return this.#redefinitions > 0 ? -1 : this.#transaction.view.since;
  }

  /**
   * Drops a structure and what belongs to it: their views end.
   * @throws {StateError} `NOT_FOUND`, `TYPE_MISMATCH`
   */
  drop(definition: Definition<unknown>): void {
    allOrNothing(this.#transaction, () => this.#drop(definition));
  }

  #drop(definition: Definition<unknown>): void {
    const operations = this.#transaction.view.own.count;
    const id = dropTree(this.#host, this.#transaction, definition);
    const ended = this.#remove(id);
    for (const { tree } of ended) tree.end("that was dropped");
    this.#changes ??= [];
    this.#changes.push({ operations, created: -1, redefines: true, ended });
    this.#redefinitions++;
    for (const part of definition.parts ?? []) this.#drop(part);
  }

  /** Takes back what was created and dropped since. */
  undo(mark: ChangeMark): void {
    const changes = this.#changes ?? [];
    while (changes.length > 0 && changes.at(-1)!.operations >= mark.operations) {
      const { created, redefines, ended } = changes.pop()!;
      if (redefines) this.#redefinitions--;
      if (created >= 0) {
        for (const { tree } of this.#remove(created)) tree.end("whose creation was rolled back");
        continue;
      }
      for (const opened of ended) {
        opened.tree.revive();
        this.#keep(opened);
      }
    }
  }

  #views(): Iterable<Opened> {
    return this.#others?.values() ?? (this.#last === undefined ? NOTHING : [this.#last]);
  }

  #keep(opened: Opened): void {
    const last = this.#last;
    if (last !== undefined) this.#others ??= new Map([[last.definition, last]]);
    this.#others?.set(opened.definition, opened);
    this.#last = opened;
  }

  /** Forgets the views of a tree. @returns them */
  #remove(id: number): Opened[] {
    const found: Opened[] = [];
    for (const opened of this.#views()) {
      if (opened.tree.tree === id) found.push(opened);
    }
    for (const { definition } of found) {
      this.#others?.delete(definition);
      if (this.#last?.definition === definition) this.#last = undefined;
    }
    return found;
  }
}
