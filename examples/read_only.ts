/** Reading a file that stays as it is, byte for byte; any number of readers at a time. */

import { codec, Database, index, isHoldfastError } from "@holdfast/holdfast";

const pages = index("pages", { key: codec.string, value: codec.string });

const writer = await Database.open("./site.hold");
await writer.update((tx) => tx.open(pages).put("/", "hello"));
await writer.close();

const one = await Database.open("./site.hold", { readOnly: true });
const two = await Database.open("./site.hold", { readOnly: true });
console.log(one.open(pages).get("/"), two.open(pages).get("/")); //> hello hello
try {
  one.begin();
} catch (error) {
  console.log(isHoldfastError(error) && error.code); //> READ_ONLY
}
await Promise.all([one.close(), two.close()]);
