/**
 * The chunks of a vector, one at a time.
 *
 * @module
 */

import type { TreeReader } from "../../kernel/definition.ts";
import { serialKey } from "../serial_tree.ts";
import { Chunk } from "./chunk.ts";
import type { ElementLayout } from "./element_layout.ts";
import { LENGTH_KEY, lengthCodec } from "./length_entry.ts";

/**
 * Remembers the length and the chunk that was asked for last, as long as the tree's revision is the
 * one in which they were read. Slots from the length on are clear in every chunk given out: a
 * transaction that set an element while another one made the vector shorter may have left it there.
 */
export class ChunkReader {
  /** The chunk that was asked for last. */
  hot: Chunk;
  /** The revision of what is remembered. */
  revision = -1;
  /** How the elements lie. */
  readonly layout: ElementLayout<unknown>;
  /** The tree. */
  readonly tree: TreeReader;
  /** The length that was read; -1 while it is not known. */
  known = -1;

  /** Reads the chunks of a tree. */
  constructor(tree: TreeReader, layout: ElementLayout<unknown>) {
    this.tree = tree;
    this.layout = layout;
    this.hot = new Chunk(layout);
  }

  /** The length of the vector. */
  length(): number {
    this.renew();
    if (this.known < 0) this.known = this.tree.get(LENGTH_KEY, lengthCodec) ?? 0;
    return this.known;
  }

  /** The chunk that holds an index, which is `hot` from then on. */
  at(index: number): Chunk {
    const length = this.length();
    const { hot } = this;
    const number = Math.floor(index / this.layout.capacity);
    if (hot.number !== number) this.load(hot, number, length);
    return hot;
  }

  /** Makes a chunk object the chunk of a number. */
  protected load(chunk: Chunk, number: number, length: number): void {
    chunk.leave();
    const found = this.tree.get(serialKey(number), chunk);
    if (found === undefined) return chunk.reset(number);
    chunk.number = number;
    chunk.begin = number * this.layout.capacity;
    chunk.clearFrom(length - chunk.begin);
  }

  /** Forgets what may not hold any more. */
  protected renew(): void {
    const { revision } = this.tree;
    if (revision === this.revision) return;
    this.revision = revision;
    this.known = -1;
    this.hot.leave();
  }
}
