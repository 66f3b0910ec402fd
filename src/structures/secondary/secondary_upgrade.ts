/**
 * From one set of secondary indexes to another.
 *
 * The format of an index with secondary ones is that of the records, then ` by ` and a JSON object
 * of the formats of these by name.
 *
 * @module
 */

import type { Definition, StructureUpgrade } from "../../kernel/definition.ts";
import { partDefinition, type SecondaryPart } from "./secondary_part.ts";

const SEPARATOR = " by ";

/** The writing view of an index that has secondary ones. */
interface Rebuildable {
  rebuild(name: string): void;
}

/** What follows the format of the records; the order of declaration is no matter. */
export function formatOf<K, V>(parts: ReadonlyMap<string, SecondaryPart<K, V>>): string {
  if (parts.size === 0) return "";
  const names = [...parts.keys()].toSorted();
  const formats = Object.fromEntries(names.map((name) => [name, parts.get(name)!.format]));
  return SEPARATOR + JSON.stringify(formats);
}

/** How an index kept with other secondary ones comes to have these, if its records are the same. */
export function upgradeParts<K, V, A>(
  owner: string,
  records: string,
  former: string,
  parts: ReadonlyMap<string, SecondaryPart<K, V>>,
): StructureUpgrade<A> | undefined {
  const formats = formerFormats(records, former);
  if (formats === undefined) return undefined;
  const same = ([name, format]: readonly [string, string]): boolean =>
    parts.get(name)?.format === format;
  const gone: Definition<unknown>[] = [...formats].filter((each) => !same(each))
    .map(([name, format]) => partDefinition(owner, name, format) as Definition<unknown>);
  const missing = [...parts.values()].filter(({ name, format }) => formats.get(name) !== format);
  return {
    gone,
    run: (writer) => {
      for (const { name } of missing) (writer as Rebuildable).rebuild(name);
    },
  };
}

/** The secondary indexes that a format names, or `undefined` if its records are others. */
function formerFormats(records: string, former: string): Map<string, string> | undefined {
  if (former === records) return new Map();
  if (!former.startsWith(records + SEPARATOR)) return undefined;
  const formats: unknown = JSON.parse(former.slice(records.length + SEPARATOR.length));
  return new Map(Object.entries(formats as Record<string, string>));
}
