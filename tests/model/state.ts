/**
 * The committed state of the model: one map of all entries, as `tree/key` to token.
 *
 * @module
 */

/** All entries. */
export type State = ReadonlyMap<string, string>;

/** The key of the entry in which a log or a segment keeps the end of its numbers: above all others. */
export const HEAD = "~";

/** One change of an entry. */
export interface EntryChange {
  /** `tree/key`. */
  readonly entry: string;
  /** `undefined` removes it. */
  readonly value: string | undefined;
}

/** The state after changes. */
export function apply(state: State, changes: readonly EntryChange[]): State {
  const next = new Map(state);
  for (const { entry, value } of changes) {
    if (value === undefined) next.delete(entry);
    else next.set(entry, value);
  }
  return next;
}

/** The keys of a tree, in order. */
export function keysOf(state: State, tree: string): string[] {
  const prefix = `${tree}/`;
  const keys: string[] = [];
  for (const entry of state.keys()) {
    if (entry.startsWith(prefix)) keys.push(entry.slice(prefix.length));
  }
  return keys.sort((a, b) => a < b ? -1 : 1);
}

/** The number behind the last record of a log. */
export function logHead(state: State, tree: string): number {
  const last = keysOf(state, tree).findLast((key) => key !== HEAD);
  const kept = Number(state.get(`${tree}/${HEAD}`) ?? 0);
  return Math.max(kept, last === undefined ? 0 : Number(last) + 1);
}

/** What the kernel keeps for itself: `catalog/scrap` names a tree, `dropped/` has those gone. */
const HIDDEN: ReadonlySet<string> = new Set(["catalog", "dropped", "in doubt"]);

/** The tree of an entry. */
export function treeOf(entry: string): string {
  return entry.slice(0, entry.indexOf("/"));
}

/** The name under which plain reads show a tree, if they do. */
function shownName(state: State, tree: string): string | undefined {
  if (HIDDEN.has(tree)) return undefined;
  if (!tree.startsWith("scrap")) return tree;
  return state.get("catalog/scrap") === tree ? "scrap" : undefined;
}

/** The transactions in doubt. */
export function doubtsIn(state: State): string[] {
  return keysOf(state, "in doubt");
}

/** What is known after opening: what plain reads show, and what is in doubt. */
export function withDoubts(shown: string, doubts: readonly string[]): string {
  return `${shown}\nin doubt: ${doubts.toSorted().join()}`;
}

/** The same of a state. */
export function observeAll(state: State): string {
  return withDoubts(observe(state), doubtsIn(state));
}

const observed = new WeakMap<State, string>();

/** What plain reads show of a state: a line for each entry, and the head of the log. */
export function observe(state: State): string {
  const known = observed.get(state);
  if (known !== undefined) return known;
  const lines: string[] = [`audit=${logHead(state, "audit")}`];
  for (const [entry, value] of state) {
    const tree = treeOf(entry);
    const name = shownName(state, tree);
    if (name === undefined || entry.endsWith(`/${HEAD}`)) continue;
    lines.push(`${name}${entry.slice(tree.length)}=${value}`);
  }
  const text = lines.sort().join("\n");
  observed.set(state, text);
  return text;
}
