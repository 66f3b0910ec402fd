/**
 * Changes of the segment and of the log.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { anyToken } from "./any_token.ts";
import { shortly } from "./command.ts";
import { type Deed, deed } from "./deed.ts";
import { audit, encode, notes, serialName } from "./definitions.ts";
import { recordName } from "./look.ts";
import { AuditModel, NotesModel } from "./serial_model.ts";
import { idOf } from "./template.ts";

/** The number that an insert gets is the library's choice: it must be new. */
export const insert: fc.Arbitrary<Deed> = anyToken.map((value): Deed => ({
  text: `notes.insert(${shortly(value)})`,
  run: ({ model, tx, store }) => {
    const { serial } = tx.open(notes).insert(encode(value));
    const entry = `notes/${serialName(serial)}`;
    assert.ok(!store.given.has(entry), `record ${serial} was given twice`);
    store.given.add(entry);
    new NotesModel(model).insert(serial, value);
  },
}));

export const updateNote: fc.Arbitrary<Deed> = fc.tuple(fc.nat(5), anyToken).map(([at, value]) =>
  deed(
    `notes.update(#${at}, ${shortly(value)})`,
    (model) => new NotesModel(model).update(recordName(model, at), value),
    (tx, { model, real }) =>
      tx.open(notes).update(idOf(real, recordName(model, at)), encode(value)),
  )
);

/** The model has run already where the library does: the name is asked for before. */
export const deleteNote: fc.Arbitrary<Deed> = fc.nat(5).map((at): Deed => ({
  text: `notes.delete(#${at})`,
  run: (scene) => {
    const name = recordName(scene.model, at);
    deed(
      `notes.delete(#${at})`,
      (model) => new NotesModel(model).delete(name),
      (tx, { real }) => tx.open(notes).delete(idOf(real, name)),
    ).run(scene);
  },
}));

export const append: fc.Arbitrary<Deed> = anyToken.map((value) =>
  deed(
    `audit.append(${shortly(value)})`,
    (model) => new AuditModel(model).append(value),
    (tx) => tx.open(audit).append(encode(value)),
  )
);

export const trim: fc.Arbitrary<Deed> = fc.nat(8).map((before) =>
  deed(
    `audit.trim(${before})`,
    (model) => new AuditModel(model).trim(before),
    (tx) => tx.open(audit).trim(before),
  )
);
