/**
 * A structure that goes on in another format: entered in the catalog, and what belonged to the old
 * one removed, in the transaction that opens it first.
 *
 * Whoever still has it open in the old format must not write past the new one. Other transactions
 * are told by {@linkcode checkFormats} when they commit; the transaction itself may not have it open
 * twice.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { ConflictError, StateError } from "../../errors.ts";
import { catalogCodec, catalogKey } from "./catalog.ts";
import type { Definition, StructureUpgrade } from "../definition.ts";
import { CATALOG_TREE } from "../tree/state.ts";
import { newestEntry } from "./structure_tree.ts";
import type { TransactionHost } from "../transaction/transaction.ts";
import { TransactionTree, type TreeOwner } from "../transaction/transaction_tree.ts";
import { TreeChanges } from "../tree/tree_changes.ts";

/** The upgrade that a structure needs before it is opened by a definition; mostly none. */
export function findUpgrade<A>(
  { engine }: TransactionHost,
  transaction: TreeOwner,
  definition: Definition<A>,
): StructureUpgrade<A> | undefined {
  if (definition.upgradeFrom === undefined) return undefined;
  const catalog = new TreeChanges(engine, new TransactionTree(transaction, CATALOG_TREE));
  const entry = catalog.get(catalogKey(definition.name), catalogCodec);
  if (entry?.kind !== definition.kind || entry.format === definition.format) return undefined;
  return definition.upgradeFrom(entry.format);
}

/**
 * Enters the format of a definition. The commit conflicts with every change of the structure by
 * others.
 * @throws {StateError} `TYPE_MISMATCH`: the transaction has it open in its former format
 */
export function enterUpgrade(
  host: TransactionHost,
  transaction: TreeOwner,
  { name, kind, format }: Definition<unknown>,
): void {
  for (const definition of transaction.opened()) {
    if (definition.name !== name) continue;
    throw new StateError(
      "TYPE_MISMATCH",
      `Cannot open "${name}" as ${format}: the transaction has it open as ${definition.format}`,
    );
  }
  const { engine } = host;
  const catalog = new TreeChanges(engine, new TransactionTree(transaction, CATALOG_TREE));
  const key = catalogKey(name);
  const { tree } = catalog.get(key, catalogCodec)!;
  transaction.claimed ??= new Set();
  transaction.claimed.add(tree);
  const value = new ByteWriter(64);
  catalogCodec.encode({ tree, kind, format }, value);
  catalog.put(key, value.bytes, value.length);
}

/**
 * Nothing that the transaction has open may have gone on in another format meanwhile.
 * @throws {ConflictError} `CONFLICT`
 */
export function checkFormats(
  host: TransactionHost,
  transaction: TreeOwner,
  since: number,
): void {
  if (host.pipeline.sequence === since || transaction.view.own.count === 0) return;
  if (!host.history.treeChangedSince(CATALOG_TREE, since)) return;
  for (const { name, format } of transaction.opened()) {
    const newest = newestEntry(host, catalogKey(name));
    if (newest === undefined || newest.format === format) continue;
    throw new ConflictError(
      "CONFLICT",
      `Cannot commit: another transaction has changed the format of "${name}"`,
    );
  }
}
