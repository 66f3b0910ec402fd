/**
 * Values of each kind.
 *
 * @module
 */

import fc from "fast-check";
import { type Token, token } from "./definitions.ts";

/** Values: small ones, some that fill a page, and few that go beside the log. */
export const anyToken: fc.Arbitrary<Token> = fc.tuple(
  fc.constantFrom("0", "1", "2"),
  fc.oneof(
    { weight: 16, arbitrary: fc.constantFrom(0, 40) },
    { weight: 3, arbitrary: fc.constant(3_000) },
    { weight: 1, arbitrary: fc.constant(70_000) },
  ),
).map(([stamp, length]) => token(stamp, length));

/** Values that fit into a key. */
export const anyShort: fc.Arbitrary<Token> = fc.tuple(
  fc.constantFrom("0", "1", "2"),
  fc.constantFrom(0, 40),
).map(([stamp, length]) => token(stamp, length));

export const anyUser: fc.Arbitrary<Token> = fc.tuple(
  fc.constantFrom("B", "O"),
  fc.constantFrom("-", "0", "1", "2", "3"),
  fc.constantFrom(0, 40, 40, 1_500),
).map(([city, mail, length]) => token(`${city}${mail}`, length));
