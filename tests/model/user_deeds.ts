/**
 * Changes of the index with secondary ones.
 *
 * @module
 */

import fc from "fast-check";
import { anyUser } from "./any_token.ts";
import { shortly } from "./command.ts";
import { type Deed, deed } from "./deed.ts";
import { userOf, users } from "./definitions.ts";
import { anyKey, anyRange } from "./look.ts";
import { UsersModel } from "./users_model.ts";

export const putUser: fc.Arbitrary<Deed> = fc.tuple(anyKey, anyUser).map(([key, user]) =>
  deed(
    `users.put(${shortly(key, user)})`,
    (model) => new UsersModel(model).put(key, user),
    (tx) => tx.open(users).put(key, userOf(user)),
  )
);

export const removeUser: fc.Arbitrary<Deed> = anyKey.map((key) =>
  deed(
    `users.remove(${shortly(key)})`,
    (model) => new UsersModel(model).remove(key),
    (tx) => tx.open(users).remove(key),
  )
);

export const swapUser: fc.Arbitrary<Deed> = fc.tuple(
  anyKey,
  fc.option(anyUser, { nil: undefined }),
  fc.option(anyUser, { nil: undefined }),
).map(([key, expected, next]) =>
  deed(
    `users.compareAndSet(${shortly(key, expected, next)})`,
    (model) => new UsersModel(model).compareAndSet(key, expected, next),
    (tx) =>
      tx.open(users).compareAndSet(
        key,
        expected === undefined ? undefined : userOf(expected),
        next === undefined ? undefined : userOf(next),
      ),
  )
);

export const deleteUsers: fc.Arbitrary<Deed> = anyRange.map((range) =>
  deed(
    `users.deleteRange(${shortly(range)})`,
    (model) => new UsersModel(model).deleteRange(range),
    (tx) => tx.open(users).deleteRange(range),
  )
);
