/**
 * What a sub-command is.
 *
 * @module
 */

/** A sub-command of `holdfast`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole text of `--help`. */
  readonly help: string;
  /** Runs with the words after the command's name; gives the exit code. */
  readonly run: (words: readonly string[]) => Promise<number>;
}
