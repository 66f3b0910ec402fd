/** Prints the lengths and checksums of the files that `buildStore` makes on this runtime. */

import { crc32 } from "../../src/base/checksum.ts";
import { buildStore } from "./store_fixture.ts";

for (const image of Object.values(await buildStore())) {
  console.log(image.length, crc32(image, 0, image.length));
}
