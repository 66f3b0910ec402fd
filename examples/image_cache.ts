/** A cache of images: one copy of each, whatever it is called; what no name refers to is collected. */

import {
  codec,
  collectGarbage,
  ContentId,
  contentStore,
  Database,
  index,
} from "@holdfast/holdfast";

const pages = index("pages", {
  key: codec.string, // address
  value: codec.json<{ image: string; fetchedAt: number }>(),
});
const images = contentStore("images");

/** Keeps an image that arrives: the image and its entry are there together, or neither. */
function keep(db: Database, address: string, body: () => ReadableStream<Uint8Array>, now: number) {
  return db.update(async (tx) => {
    const image = await tx.open(images).put(body());
    tx.open(pages).put(address, { image: `${image}`, fetchedAt: now });
    return image;
  });
}

/** The image of an address as a response, streamed and verified; 404 without one. */
function answer(db: Database, address: string): Response {
  const page = db.open(pages).get(address);
  const image = page && db.open(images).stream(ContentId.parse(page.image));
  return image === undefined ? new Response(null, { status: 404 }) : new Response(image);
}

/** Forgets what was fetched before a time, then removes the images that nobody refers to any more. */
async function forget(db: Database, before: number) {
  await db.update((tx) => {
    for (const [address, { fetchedAt }] of tx.open(pages).range()) {
      if (fetchedAt < before) tx.open(pages).remove(address);
    }
  });
  return collectGarbage(db, images, {
    *references(snapshot) {
      for (const { image } of snapshot.open(pages).values()) yield ContentId.parse(image);
    },
  });
}

const db = await Database.open("./images.hold");
const sunset = () => new Blob([new Uint8Array(300_000).fill(7)]).stream();
const harbour = () => new Blob([new Uint8Array(90_000).fill(9)]).stream();

const first = await keep(db, "/sunset.jpg", sunset, 1);
const copy = await keep(db, "/evening.jpg", sunset, 5);
await keep(db, "/harbour.jpg", harbour, 2);
console.log(first.equals(copy), `${first}`.slice(0, 14)); //> true sha256:08f1664
console.log((await answer(db, "/evening.jpg").arrayBuffer()).byteLength); //> 300000
console.log(answer(db, "/nothing.jpg").status); //> 404

const { kept, removed, removedBytes } = await forget(db, 3);
console.log(kept, removed, removedBytes); //> 1 1 90000
console.log(answer(db, "/sunset.jpg").status, db.open(images).has(copy)); //> 404 true
console.log((await db.open(images).verify()).ok); //> true
await db.close();
