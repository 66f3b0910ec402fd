/** The ids in a content store, at once: `entries` is for those who can wait. */

import { ContentId, type contentStore, type Database } from "../../mod.ts";
import { HEADS } from "../../src/structures/content/content_layout.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";

/** All ids of a store whose digest is SHA-256, in their order. */
export function contentIds(
  from: Pick<Database, "open">,
  store: ReturnType<typeof contentStore>,
): ContentId[] {
  const cursor = from.open(rawTree(store)).cursor(HEADS);
  const ids: ContentId[] = [];
  while (cursor.next()) {
    ids.push(new ContentId("sha256", cursor.keyBytes.subarray(cursor.keyBegin + 1, cursor.keyEnd)));
  }
  cursor.close();
  return ids;
}
