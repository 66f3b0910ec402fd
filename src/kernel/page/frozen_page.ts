/**
 * What a checkpoint works through.
 *
 * @module
 */

/** A page of the image that a checkpoint has to write. */
export interface FrozenPage {
  /** Its frame. */
  readonly frame: number;
  /** Its number. */
  readonly page: number;
  /** Its tree. */
  readonly tree: number;
  /** Its level. */
  readonly level: number;
}
