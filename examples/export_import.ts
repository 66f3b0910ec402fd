/** Out of one database as text, into another. */

import { codec, Database, exportDatabase, importDatabase, index } from "@holdfast/holdfast";

const ages = index("ages", { key: codec.string, value: codec.u8 });

const from = await Database.memory();
await from.update((tx) => tx.open(ages).put("ann", 41));
const text = await new Response(exportDatabase(from, { format: "jsonl" })).text();
console.log(text.trimEnd().split("\n").length >= 4); //> true
await from.close();

const to = await Database.memory();
await importDatabase(to, new Blob([text]).stream());
console.log(to.open(ages).get("ann")); //> 41
await to.close();
