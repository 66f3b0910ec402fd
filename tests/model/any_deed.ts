/**
 * Everything that can be done in a transaction.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Deed } from "./deed.ts";
import { anyLook } from "./look.ts";
import { outcomeOf } from "./refusal.ts";
import type { Reading } from "./shown.ts";
import { clear, fill, touch } from "./bulk_deeds.ts";
import { compareAndSet, deleteRange, put, remove, update } from "./index_deeds.ts";
import { append, deleteNote, insert, trim, updateNote } from "./record_deeds.ts";
import { askScrap, dropScrap, putScrap } from "./scrap_deeds.ts";
import { deleteUsers, putUser, removeUser, swapUser } from "./user_deeds.ts";

const look = anyLook.map((each): Deed => ({
  text: each.text,
  run: ({ model, tx, real }) => {
    const expected = outcomeOf(() => each.model(model));
    const from = tx as unknown as Reading;
    assert.deepEqual(outcomeOf(() => each.real(from, real, model)), expected, each.text);
  },
}));

/** Anything that can be done in a transaction, but for its end. */
export const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 20, arbitrary: look },
  { weight: 10, arbitrary: put },
  { weight: 4, arbitrary: remove },
  { weight: 3, arbitrary: deleteRange },
  { weight: 4, arbitrary: compareAndSet },
  { weight: 4, arbitrary: update },
  { weight: 6, arbitrary: putUser },
  { weight: 2, arbitrary: removeUser },
  { weight: 2, arbitrary: swapUser },
  { weight: 1, arbitrary: deleteUsers },
  { weight: 4, arbitrary: insert },
  { weight: 4, arbitrary: updateNote },
  { weight: 4, arbitrary: deleteNote },
  { weight: 5, arbitrary: append },
  { weight: 3, arbitrary: trim },
  { weight: 1, arbitrary: fill },
  { weight: 1, arbitrary: clear },
  { weight: 1, arbitrary: touch },
  { weight: 3, arbitrary: putScrap },
  { weight: 2, arbitrary: askScrap },
  { weight: 2, arbitrary: dropScrap },
);

/** Changes of one structure each: whoever picks one of these is likely to meet others there. */
export const themes: readonly fc.Arbitrary<Deed>[] = [
  fc.oneof(put, remove, deleteRange, compareAndSet, update),
  fc.oneof(putUser, putUser, removeUser, swapUser, deleteUsers),
  fc.oneof(insert, updateNote, deleteNote, append, trim),
  fc.oneof(putScrap, askScrap, dropScrap),
];
