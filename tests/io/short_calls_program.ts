/**
 * A program for the tests of short calls: writes 1000 bytes of 7 to the start of the file it is
 * given, or reads them, and says as JSON how that ended.
 *
 * @module
 */

import process from "node:process";
import { isHoldfastError } from "../../src/errors.ts";
import { runningIo } from "./running_io.ts";

const [path, action] = process.argv.slice(2);
if (path === undefined) throw new TypeError("the path is missing");
const file = await (await runningIo()).open(path, "create");
const bytes = new Uint8Array(1000).fill(action === "write" ? 7 : 0);
try {
  if (action === "write") file.writeAt(bytes, 0);
  const count = action === "write" ? bytes.length : file.readAt(bytes, 0);
  console.log(JSON.stringify({ count, size: file.size(), first: bytes.indexOf(7) }));
} catch (error) {
  if (!isHoldfastError(error)) throw error;
  console.log(JSON.stringify({ code: error.code, offset: error.offset, size: file.size() }));
}
