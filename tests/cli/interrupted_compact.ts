/**
 * Compacts the file that its argument names and interrupts itself at once. Exits as `holdfast` does.
 *
 * @module
 */

import process from "node:process";
import { main } from "../../src/cli/main.ts";

const code = main(["compact", process.argv[2]!]);
process.emit("SIGINT");
process.exit(await code);
