/**
 * Calls that are refused, in the model and in the library alike.
 *
 * @module
 */

import { type ErrorCode, isHoldfastError } from "../../mod.ts";

/** What the model throws where the library throws an error of this code. */
export class Refusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode) {
    super(code);
    this.code = code;
  }
}

/** What a call returns, or the code that it is refused with. */
export function outcomeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return `refused: ${codeOf(error)}`;
  }
}

/** The code of a refusal; throws what is none. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof Refusal || isHoldfastError(error)) return error.code;
  throw error;
}
