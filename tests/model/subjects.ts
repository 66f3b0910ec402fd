/**
 * Everything that has a model.
 *
 * @module
 */

import { blocksSubject } from "./blocks_subject.ts";
import { contentSubject } from "./content_subject.ts";
import { databaseSubject } from "./database_subject.ts";
import { journalSubject } from "./journal_subject.ts";
import { endlessSubject } from "./endless_subject.ts";
import { onceMapSubject } from "./once_map_subject.ts";
import { registerSubject } from "./register_subject.ts";
import type { Subject } from "./subject.ts";
import { vectorSubject } from "./vector_subject.ts";

/** All subjects, with how many runs a whole campaign does of each. */
export const SUBJECTS: ReadonlyMap<Subject, number> = new Map([
  [databaseSubject, 3_000],
  [blocksSubject, 600],
  [journalSubject, 900],
  [contentSubject, 900],
  [endlessSubject, 900],
  [onceMapSubject, 900],
  [registerSubject, 900],
  [vectorSubject, 1_200],
]);

/** The subjects of a name, or all. @throws {RangeError} when there is none */
export function subjectsNamed(name: string): Subject[] {
  const all = [...SUBJECTS.keys()];
  if (name === "all") return all;
  const subject = all.find((subject) => subject.name === name);
  if (subject !== undefined) return [subject];
  const names = all.map(({ name }) => name).join(", ");
  throw new RangeError(`There is no subject "${name}": give "all" or one of ${names}`);
}
