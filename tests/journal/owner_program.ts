/**
 * A program for the ownership test: opens the kind of thing that it is given in the folder that it is
 * given, says "open", and stays until somebody kills it.
 *
 * @module
 */

import process from "node:process";
import { runningIo } from "../io/running_io.ts";
import { type OwnedKind, OWNERS } from "./owners.ts";

const [kind, folder] = process.argv.slice(2);
if (kind === undefined || folder === undefined) throw new TypeError("kind or folder is missing");
await OWNERS[kind as OwnedKind](await runningIo(), folder);
process.stdin.resume();
console.log("open");
