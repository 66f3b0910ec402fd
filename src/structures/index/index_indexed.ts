/**
 * An index with secondary ones.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { OpenReader, OpenWriter, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import { type SingleLayout, SingleReader, SingleWriter } from "./index_single.ts";
import type { SecondaryPart } from "../secondary/secondary_part.ts";
import { SecondaryView } from "../secondary/secondary_reader.ts";
import { rebuildPart, verifyParts } from "../secondary/secondary_rebuild.ts";
import { IndexedTree, type OpenPart } from "../secondary/secondary_writer.ts";
import type {
  IndexedReader,
  IndexedWriter,
  SecondaryReader,
  VerifyReport,
} from "../secondary/secondary_types.ts";

/** Secondary indexes by name. */
export type Parts<K, V> = ReadonlyMap<string, SecondaryPart<K, V>>;

/** Reading view. */
export class RecordIndexReader<K, V, S> extends SingleReader<K, V>
  implements IndexedReader<K, V, S> {
  readonly #tree: TreeReader;
  readonly #layout: SingleLayout<K, V>;
  readonly #parts: Parts<K, V>;
  readonly #open: OpenReader;

  /** Binds a layout to a tree. */
  constructor(
    tree: TreeReader,
    layout: SingleLayout<K, V>,
    parts: Parts<K, V>,
    open: OpenReader,
  ) {
    super(tree, layout);
    this.#tree = tree;
    this.#layout = layout;
    this.#parts = parts;
    this.#open = open;
  }

  by<N extends keyof S & string>(name: N): SecondaryReader<S[N], K, V> {
    const part = named(this.#parts, name);
    return new SecondaryView(
      part,
      partTree(part, this.#tree, this.#open),
      this.#tree,
      this.#layout,
    );
  }

  verify(): VerifyReport {
    const opened = [...this.#parts.values()].map((part) => ({
      part,
      tree: partTree(part, this.#tree, this.#open),
    }));
    return verifyParts(this.#tree, this.#layout, opened);
  }
}

/** The tree of an index, which is there as soon as the records are, and may be gone in an old view. */
export function partTree<K, V>(
  part: SecondaryPart<K, V>,
  records: TreeReader,
  open: OpenReader,
): TreeReader {
  const tree = open(part.definition);
  if (tree.id >= 0 || records.id < 0) return tree;
  throw new StateError(
    "TYPE_MISMATCH",
    `Cannot read index "${part.name}": it was removed by another definition`,
  );
}

/** Writing view. */
export class RecordIndexWriter<K, V, S> extends SingleWriter<K, V>
  implements IndexedWriter<K, V, S> {
  readonly #tree: TreeWriter;
  readonly #layout: SingleLayout<K, V>;
  readonly #parts: ReadonlyMap<string, OpenPart<K, V>>;

  /** Binds a layout to a tree of a transaction; the trees of the indexes come to be with it. */
  constructor(
    tree: TreeWriter,
    layout: SingleLayout<K, V>,
    parts: Parts<K, V>,
    open: OpenWriter,
  ) {
    const opened = new Map<string, OpenPart<K, V>>();
    for (const [name, part] of parts) opened.set(name, { part, tree: open(part.definition) });
    super(new IndexedTree(tree, layout, [...opened.values()]), layout);
    this.#tree = tree;
    this.#layout = layout;
    this.#parts = opened;
  }

  by<N extends keyof S & string>(name: N): SecondaryReader<S[N], K, V> {
    const { part, tree } = named(this.#parts, name);
    return new SecondaryView(part, tree, this.#tree, this.#layout);
  }

  verify(): VerifyReport {
    return verifyParts(this.#tree, this.#layout, [...this.#parts.values()]);
  }

  rebuild(name: keyof S & string): void {
    rebuildPart(this.#tree, this.#layout, named(this.#parts, name));
  }
}

/** One of them by its name. @throws {RangeError} if there is none */
export function named<T>(parts: ReadonlyMap<string, T>, name: string): T {
  const part = parts.get(name);
  if (part === undefined) throw new RangeError(`There is no secondary index "${name}"`);
  return part;
}
