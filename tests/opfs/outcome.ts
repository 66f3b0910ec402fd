/** What a worker in the browser tells the runner. */
export interface Outcome {
  /** What was proven; "committed" for a commit, "end" for the end of the task. */
  readonly name: string;
  /** Why it failed. */
  readonly error?: string;
  /** The number of the commit. */
  readonly number?: number;
}
