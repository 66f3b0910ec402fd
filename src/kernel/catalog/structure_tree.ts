/**
 * From a definition to its tree, inside a transaction: found in the catalog, entered there, or
 * struck off.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import {
  catalogCodec,
  type CatalogEntry,
  catalogKey,
  catalogName,
  checkDefinition,
} from "./catalog.ts";
import type { Definition } from "../definition.ts";
import type { Engine } from "../engine.ts";
import { StateError } from "../../errors.ts";
import { structuresIn } from "../two_phase/prepared_set.ts";
import { CATALOG_TREE, DROPPED_TREE, treeKey } from "../tree/state.ts";
import type { TransactionHost } from "../transaction/transaction_host.ts";
import { TransactionTree, type TreeOwner } from "../transaction/transaction_tree.ts";
import { TreeView } from "../tree/tree_access.ts";
import { TreeChanges } from "../tree/tree_changes.ts";
import { PUT, type WriteSet } from "../commit/write_set.ts";

/**
 * The tree of a structure, which is created if there is none. `since` says which commits the
 * transaction sees; -1 when it sees others than any later one, because it drops structures.
 * @throws {StateError} `TYPE_MISMATCH`, `TOO_LARGE` (name or definition)
 */
export function treeOf(
  host: TransactionHost,
  transaction: TreeOwner,
  definition: Definition<unknown>,
  since: number,
): number {
  const { engine, created, committed } = host;
  const known = committed.get(definition, since);
  if (known !== undefined) return known;
  const key = catalogKey(definition.name);
  const catalog = new TreeChanges(engine, new TransactionTree(transaction, CATALOG_TREE));
  const entry = catalog.get(key, catalogCodec);
  if (entry !== undefined) {
    checkDefinition(definition, entry);
    const visible = engine.states.root(engine.states.visible, entry.tree);
    if (transaction.view.own.count === 0 && visible.count > 0) {
      committed.set(definition, entry.tree, since);
    }
    return entry.tree;
  }
  const { kind, format } = definition;
  const identity = identityOf(definition);
  const tree = created.get(identity) ?? engine.nextTree++;
  created.set(identity, tree);
  const added: CatalogEntry = { tree, kind, format };
  const value = new ByteWriter(64);
  catalogCodec.encode(added, value);
  catalog.put(key, value.bytes, value.length);
  return tree;
}

/**
 * Strikes a structure off the catalog and leaves its tree to `dropped_trees.ts`.
 * @returns the tree
 * @throws {StateError} `NOT_FOUND`, `TYPE_MISMATCH`
 */
export function dropTree(
  host: TransactionHost,
  transaction: TreeOwner,
  definition: Definition<unknown>,
): number {
  const { engine, created } = host;
  const key = catalogKey(definition.name);
  const catalog = new TreeChanges(engine, new TransactionTree(transaction, CATALOG_TREE));
  const entry = catalog.get(key, catalogCodec);
  if (entry === undefined) {
    throw new StateError(
      "NOT_FOUND",
      `Cannot drop "${definition.name}": there is no such structure`,
    );
  }
  checkDefinition(definition, entry);
  const id = new ByteWriter(4);
  id.raw(treeKey(entry.tree));
  catalog.remove(key);
  new TreeChanges(engine, new TransactionTree(transaction, DROPPED_TREE)).put(id, id.bytes, 0);
  // Whoever creates it from now on must not get the id of a dropped tree, in no format: it may have
  // been created in another one than it has now.
  for (const [identity, tree] of created) if (tree === entry.tree) created.delete(identity);
  return entry.tree;
}

/** What two definitions of the same structure have in common, as a text. */
export function identityOf({ name, kind, format }: StructureInfo): string {
  return JSON.stringify([name, kind, format]);
}

/** Tree ids by identity of what is created in doubt: who creates the same means the same tree. */
export function createdInDoubt({ inDoubt }: Engine): Map<string, number> {
  const created = new Map<string, number>();
  for (const { set } of inDoubt.values()) {
    for (const structure of structuresIn(set)) created.set(identityOf(structure), structure.tree);
  }
  return created;
}

/** A structure of a database. */
export interface StructureInfo {
  /** Its name. */
  readonly name: string;
  /** Its kind, for example "index". */
  readonly kind: string;
  /** Its mode and codecs. */
  readonly format: string;
}

/** The structures that a transaction sees, its own included, in the order of their names' UTF-8. */
export function listStructures(
  { engine }: TransactionHost,
  transaction: TreeOwner,
): StructureInfo[] {
  const catalog = new TreeChanges(engine, new TransactionTree(transaction, CATALOG_TREE));
  const cursor = catalog.cursor({});
  const found: StructureInfo[] = [];
  while (cursor.next()) {
    cursor.loadValue();
    const { kind, format } = catalogCodec.decode(
      cursor.valueBytes,
      cursor.valueBegin,
      cursor.valueEnd,
    );
    found.push({
      name: catalogName(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd),
      kind,
      format,
    });
  }
  return found;
}

/** Whether an operation enters in the catalog what is there by now: two that create alike agree. */
export function entersTheSame(host: TransactionHost, own: WriteSet, op: number): boolean {
  if (own.tree(op) !== CATALOG_TREE || own.kind(op) !== PUT) return false;
  const bytes = own.out.bytes;
  const keyAt = own.keyAt(op);
  const key = new ByteWriter(own.keyLength(op));
  key.raw(bytes, keyAt, keyAt + own.keyLength(op));
  const newest = newestEntry(host, key);
  const at = own.valueAt(op);
  const entered = catalogCodec.decode(bytes, at, at + own.valueLength(op));
  return newest?.tree === entered.tree && newest.format === entered.format;
}

/** What the catalog has under a key, sequenced commits included. */
export function newestEntry(
  { engine, pipeline }: TransactionHost,
  key: ByteWriter,
): CatalogEntry | undefined {
  return new TreeView(engine, {
    check: () => {},
    state: engine.states.working,
    sets: pipeline.pending,
    tree: CATALOG_TREE,
    tips: undefined,
  }).get(key, catalogCodec);
}
