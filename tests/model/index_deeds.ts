/**
 * Changes of the indexes without secondary ones.
 *
 * @module
 */

import fc from "fast-check";
import type { Transaction } from "../../mod.ts";
import { anyShort, anyToken } from "./any_token.ts";
import { shortly } from "./command.ts";
import { type Deed, deed } from "./deed.ts";
import { cluster, compact, exclusive, expand, replace, type Token } from "./definitions.ts";
import { IndexModel, type IndexName } from "./index_model.ts";
import { anyKey, anyRange } from "./look.ts";

function writerOf(tx: Transaction, tree: IndexName) {
  if (tree === "cluster") return tx.open(cluster);
  return tree === "replace" ? tx.open(replace) : tx.open(exclusive);
}

const anyTree: fc.Arbitrary<IndexName> = fc.constantFrom(
  "replace",
  "replace",
  "exclusive",
  "cluster",
);

const treeAndValues = anyTree.chain((tree) =>
  fc.record({
    tree: fc.constant(tree),
    key: anyKey,
    first: tree === "cluster" ? anyShort : anyToken,
    second: tree === "cluster" ? anyShort : anyToken,
  })
);

export const put: fc.Arbitrary<Deed> = treeAndValues.map(({ tree, key, first }) =>
  deed(
    `${tree}.put(${shortly(key, first)})`,
    (model) => new IndexModel(model, tree).put(key, first),
    (tx) => writerOf(tx, tree).put(key, expand(first)),
  )
);

export const remove: fc.Arbitrary<Deed> = fc.tuple(treeAndValues, fc.boolean()).map((
  [{ tree, key, first }, whole],
) =>
  deed(
    `${tree}.remove(${whole ? shortly(key) : shortly(key, first)})`,
    (model) => new IndexModel(model, tree).remove(key, whole ? undefined : first),
    (tx) => writerOf(tx, tree).remove(key, whole ? undefined : expand(first)),
  )
);

export const deleteRange: fc.Arbitrary<Deed> = fc.tuple(anyTree, anyRange).map(([tree, range]) =>
  deed(
    `${tree}.deleteRange(${shortly(range)})`,
    (model) => new IndexModel(model, tree).deleteRange(range),
    (tx) => writerOf(tx, tree).deleteRange(range),
  )
);

export const compareAndSet: fc.Arbitrary<Deed> = fc.tuple(treeAndValues, fc.boolean(), fc.boolean())
  .map(([{ tree, key, first, second }, isAbsent, isGone]) => {
    const expected = isAbsent ? undefined : first;
    const next = isGone ? undefined : second;
    const real = (value: Token | undefined): string | undefined => value && expand(value);
    return deed(
      `${tree}.compareAndSet(${shortly(key, expected, next)})`,
      (model) => new IndexModel(model, tree).compareAndSet(key, expected, next),
      (tx) => writerOf(tx, tree).compareAndSet(key, real(expected), real(next)),
    );
  });

/** Puts another value than there is, or removes the last but one. */
export const update: fc.Arbitrary<Deed> = fc.tuple(treeAndValues, fc.boolean()).map(
  ([{ tree, key, first }, isGone]) => {
    const change = (present: string[]): string[] =>
      isGone ? present.slice(1) : [first, ...present.slice(0, 1)];
    return deed(
      `${tree}.update(${shortly(key, isGone ? "gone" : first)})`,
      (model) => {
        const next = new IndexModel(model, tree).update(key, change);
        return tree === "cluster" ? next : next.slice(0, 1);
      },
      (tx) => {
        if (tree === "cluster") {
          return tx.open(cluster).update(key, (all) => change(all.map(compact)).map(expand))
            .map(compact);
        }
        const writer = tree === "replace" ? tx.open(replace) : tx.open(exclusive);
        const next = writer.update(key, (value) => {
          const [changed] = change(value === undefined ? [] : [compact(value)]);
          return changed === undefined ? undefined : expand(changed);
        });
        return next === undefined ? [] : [compact(next)];
      },
    );
  },
);
