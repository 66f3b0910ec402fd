/**
 * An explicit snapshot of abstract-level.
 *
 * @module
 */

import { AbstractSnapshot } from "abstract-level";
import type { LevelReader, LevelView } from "./level_view.ts";

/** Options of the base class, whose types do not name them. */
interface SnapshotOptions {
  /** Who closes the snapshot when it closes itself: the level, or a sublevel of it. */
  readonly owner: object;
}

const Base: new (options: SnapshotOptions) => AbstractSnapshot = AbstractSnapshot as new (
  options: SnapshotOptions,
) => AbstractSnapshot;

/** The entries of a level as they were at one moment. */
export class LevelSnapshot extends Base {
  /** Whose entries they are. */
  readonly level: object;
  readonly #view: LevelView;

  /** Takes over a view. */
  constructor(options: SnapshotOptions, level: object, view: LevelView) {
    super(options);
    this.level = level;
    this.#view = view;
  }

  /** Reads them. */
  get reader(): LevelReader {
    return this.#view.reader;
  }

  /** Called by the base class once nothing reads from it any more. */
  protected async _close(): Promise<void> {
    this.#view.release();
  }
}
