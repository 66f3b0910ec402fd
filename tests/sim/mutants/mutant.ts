/** A planted bug: source text in place of other source text. */

/** One replacement; the text must occur exactly once in its file. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What finds planted bugs: power cuts, failing calls, damaged bytes, random lives. */
export type CampaignName = "crashes" | "faults" | "damage" | "swarm";

/** A planted bug. */
export interface Mutant {
  readonly name: string;
  /** The campaign that finds it. Default "crashes". */
  readonly campaign?: CampaignName;
  /** The subject that finds it, the golden store, or the swarm's seed. Default "first create". */
  readonly subject?: string;
  readonly edits: readonly Edit[];
}

/** A mutant with one edit. */
export function mutant(
  name: string,
  file: string,
  find: string,
  replace: string,
  subject?: string,
): Mutant {
  return mutantOf(name, [{ file, find, replace }], subject);
}

/** A mutant that a campaign other than that of power cuts finds. */
export function mutantFor(
  campaign: CampaignName,
  name: string,
  file: string,
  find: string,
  replace: string,
  subject?: string,
): Mutant {
  return { ...mutant(name, file, find, replace, subject), campaign };
}

/** A mutant of several edits: a bug that a second check would hide. */
export function mutantOf(name: string, edits: readonly Edit[], subject?: string): Mutant {
  return subject === undefined ? { name, edits } : { name, edits, subject };
}
