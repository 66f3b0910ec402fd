/**
 * Blobs under the digests of their bytes.
 *
 * Tree: see `content_layout.ts`.
 *
 * @module
 */

import type { Digest } from "../../base/digest.ts";
import type { Change, ChangeOf } from "../../kernel/watch/change.ts";
import type { Definition, TreeReader } from "../../kernel/definition.ts";
import { checkDigest, ContentId } from "./content_id.ts";
import { headCodec, HEADS } from "./content_layout.ts";
import { BlobReader, checkOptions } from "./content_reader.ts";
import type { ContentAccess, ContentStoreOptions } from "./content_types.ts";
import { missingParts } from "./content_verify.ts";
import { BlobWriter } from "./content_writer.ts";

/** Kind of content stores. */
export const CONTENT_KIND = "content-store";

const NAMED = { sha256: 32, blake3: 32 } as const;

/**
 * Defines a content store: blobs of 0 bytes to 4 GiB and more, each under the digest of its bytes,
 * which is verified on every read. The same bytes are stored once, whoever puts them and whenever.
 * Absent is `undefined`; damaged is a `CorruptionError`.
 *
 * ```ts
 * import { ContentId, contentStore, Database } from "@holdfast/holdfast";
 *
 * const photos = contentStore("photos");
 * const db = await Database.memory();
 * const id = await db.update((tx) => tx.open(photos).put(new Uint8Array([1, 2, 3])));
 * const other = await db.update((tx) => tx.open(photos).put(new Blob(["hello"]).stream()));
 * console.log(`${id}`.slice(0, 15)); // sha256:039058c6
 * console.log(db.open(photos).get(ContentId.parse(`${id}`))); // Uint8Array [ 1, 2, 3 ]
 * console.log(await new Response(db.open(photos).stream(other)).text()); // hello
 * await db.close();
 * ```
 *
 * Blobs are removed by `delete`, or by `collectGarbage` when nothing refers to them. Transactions
 * that put different blobs do not conflict; two that put the same one do if one begins before the
 * other commits, which `Database.update` answers by running its body again.
 *
 * @throws {TypeError} for unknown options, and what is no digest
 * @throws {RangeError} for an unknown name, and a name or length that no digest has
 */
export function contentStore(
  name: string,
  options: ContentStoreOptions = {},
): Definition<ContentAccess> {
  checkOptions(options, ["digest"], "content store");
  const { digest: given = "sha256" } = options;
  const own = typeof given === "string" ? undefined : given;
  const digestName = typeof given === "string" ? given : given.name;
  const length = typeof given === "string" ? lengthNamed(given) : given.outputLen;
  checkDigest(digestName, length);
  if (own !== undefined && typeof own.create !== "function") {
    throw new TypeError("A digest has a name, an outputLen and a create()");
  }
  const digestIn = (tree: TreeReader): Digest => own ?? tree.digest(digestName);
  return {
    name,
    kind: CONTENT_KIND,
    format: `${digestName}/${length}`,
    reader: (tree) => new BlobReader(tree, digestIn(tree)),
    writer: (tree) => new BlobWriter(tree, digestIn(tree)),
    verify: (tree) => missingParts(tree, digestName),
    feed: {
      bounds: (range) => {
        checkOptions(range as object, [], "watch");
        return HEADS;
      },
      decode: (change: Change): ChangeOf<ContentAccess> => {
        const { key, value } = change;
        const length = value === undefined
          ? undefined
          : headCodec.decode(value, 0, value.length).length;
        const id = new ContentId(digestName, key.subarray(1));
        return { ...change, key: id, value: length } as ChangeOf<ContentAccess>;
      },
    },
  };
}

function lengthNamed(name: string): number {
  if (Object.hasOwn(NAMED, name)) return NAMED[name as keyof typeof NAMED];
  throw new RangeError(`There is no digest "${name}": give "sha256", "blake3" or one of your own`);
}
