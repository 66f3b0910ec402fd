/**
 * From a definition to its tree, inside a transaction: found in the catalog, or entered there.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import {
  catalogCodec,
  type CatalogEntry,
  catalogKey,
  catalogName,
  checkDefinition,
} from "./catalog.ts";
import type { Definition } from "./definition.ts";
import { CATALOG_TREE } from "./state.ts";
import type { TransactionHost } from "./transaction.ts";
import { TransactionTree, type TransactionView } from "./transaction_tree.ts";
import { TreeChanges, TreeView } from "./tree_access.ts";
import { REMOVE, type WriteSet } from "./write_set.ts";

/**
 * The tree of a structure, which is created if there is none.
 * @throws {StateError} `TYPE_MISMATCH`, `TOO_LARGE` (name)
 */
export function treeOf(
  host: TransactionHost,
  transaction: TransactionView,
  definition: Definition<unknown>,
): number {
  const { engine, created, committed } = host;
  const known = committed.get(definition);
  if (known !== undefined) return known;
  const key = catalogKey(definition.name);
  const catalog = new TreeChanges(engine, new TransactionTree(transaction, CATALOG_TREE));
  const entry = catalog.get(key, catalogCodec);
  if (entry !== undefined) {
    checkDefinition(definition, entry);
    const visible = engine.states.root(engine.states.visible, entry.tree);
    if (
      transaction.own.count === 0 && visible.count > 0 && !engine.redefined.has(definition.name)
    ) committed.set(definition, entry.tree);
    return entry.tree;
  }
  const { kind, format } = definition;
  const identity = JSON.stringify([definition.name, kind, format]);
  const tree = created.get(identity) ?? engine.nextTree++;
  created.set(identity, tree);
  const added: CatalogEntry = { tree, kind, format };
  const value = new ByteWriter(64);
  catalogCodec.encode(added, value);
  catalog.put(key, value.bytes, value.length);
  return tree;
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
  transaction: TransactionView,
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
  if (own.kind(op) === REMOVE) return false;
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
