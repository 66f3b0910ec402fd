/**
 * One secondary index: a structure of its own beside the records, named after both.
 *
 * | index  | tree key                                              | tree value              |
 * | ------ | ----------------------------------------------------- | ----------------------- |
 * | unique | the secondary key                                     | the key of the record   |
 * | other  | its self-delimiting form, then the key of the record  | empty                   |
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { KeyCodec } from "../../base/key_codec.ts";
import { StateError } from "../../errors.ts";
import type { Definition, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import { KEY_BYTES_MAX } from "../../kernel/limits.ts";
import { ClusterLayout } from "../index/index_cluster.ts";
import type { EntryLayout } from "../index/index_entries.ts";
import { SingleLayout } from "../index/index_single.ts";
import type { SecondaryIndex } from "./secondary_types.ts";

/** The tree of a secondary index, as it is. */
export interface TreeAccess {
  readonly reader: TreeReader;
  readonly writer: TreeWriter;
}

/** The entries of one record, tree key by text of its bytes. */
export type PartEntries = ReadonlyMap<string, ByteWriter>;

const NOTHING: Uint8Array = new Uint8Array(0);

/** The tree of a secondary index, by the names of both and its format. */
export function partDefinition(
  owner: string,
  name: string,
  format: string,
): Definition<TreeAccess> {
  return {
    name: `${owner}#${name}`,
    kind: "secondary-index",
    format,
    reader: (tree) => tree,
    writer: (tree) => tree,
  };
}

/** What is known of a secondary index, whatever the type of its keys. */
export class SecondaryPart<K, V> {
  /** Its name. */
  readonly name: string;
  /** Whether a key belongs to one record at most. */
  readonly unique: boolean;
  /** Uniqueness and codec of the keys: part of the format of the records. */
  readonly format: string;
  /** Its tree. */
  readonly definition: Definition<TreeAccess>;
  /** From secondary keys to keys of records. */
  readonly layout: EntryLayout<unknown, K>;
  readonly #primary: KeyCodec<K>;
  readonly #key: KeyCodec<unknown>;
  readonly #keysOf: (value: V, key: K) => Iterable<unknown>;

  /** Reads its options. @throws {TypeError} when they are none */
  constructor(
    owner: string,
    name: string,
    primary: KeyCodec<K>,
    options: SecondaryIndex<K, V, unknown>,
  ) {
    const { key, of, unique = false, multi = false } = options;
    if (key?.ordered !== true) {
      throw new TypeError(`Index "${name}" needs an order-preserving key codec`);
    }
    if (typeof of !== "function") throw new TypeError(`Index "${name}" needs a function "of"`);
    this.name = name;
    this.unique = unique;
    this.format = `${unique ? "unique" : "multiple"}(${key.name})`;
    this.definition = partDefinition(owner, name, this.format);
    this.layout = unique ? new SingleLayout(key, primary, true) : new ClusterLayout(key, primary);
    this.#primary = primary;
    this.#key = key;
    this.#keysOf = multi ? of as (value: V, key: K) => Iterable<unknown> : (value, record) => {
      const found = of(value, record);
      return found === undefined ? [] : [found];
    };
  }

  /**
   * The entries that a record has here.
   * @throws {StateError} `TOO_LARGE`
   */
  entriesOf(value: V, key: K): PartEntries {
    const entries = new Map<string, ByteWriter>();
    for (const each of this.#keysOf(value, key)) {
      const out = new ByteWriter(64);
      if (this.unique) {
        this.#key.encode(each, out);
      } else {
        this.#key.encodeElement(each, out);
        this.#primary.encode(key, out);
      }
      if (out.length > KEY_BYTES_MAX) {
        throw new StateError(
          "TOO_LARGE",
          `Cannot enter ${out.length} bytes in index "${this.name}": the limit is ${KEY_BYTES_MAX}`,
        );
      }
      entries.set(textOf(out.bytes, 0, out.length), out);
    }
    return entries;
  }

  /** The value of the entries of a record whose tree key is this one. */
  valueOf(key: Uint8Array): Uint8Array {
    return this.unique ? key : NOTHING;
  }

  /** The error of a put that would give a key to a second record. */
  taken(): StateError {
    return new StateError(
      "ALREADY_EXISTS",
      `Cannot put: another record has the same key in index "${this.name}", which is unique`,
    );
  }
}

/** Bytes as a text that can be a key of a map. */
export function textOf(bytes: Uint8Array, begin: number, end: number): string {
  let text = "";
  for (let at = begin; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
