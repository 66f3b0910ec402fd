/** Records found by what is in them: indexes that every transaction keeps up to date by itself. */

import { codec, Database, index, isHoldfastError } from "@holdfast/holdfast";

interface User {
  readonly city: string;
  readonly mail: string;
  readonly tags: readonly string[];
}

const users = index("users", {
  key: codec.string,
  value: codec.json<User>(),
  indexes: {
    byCity: { key: codec.string, of: (user) => user.city },
    byMail: { key: codec.string, of: (user) => user.mail, unique: true },
    byTag: { key: codec.string, of: (user) => user.tags, multi: true },
  },
});

const db = await Database.memory();
await db.update((tx) => {
  const writer = tx.open(users);
  writer.put("ann", { city: "Oslo", mail: "ann@example.org", tags: ["admin", "staff"] });
  writer.put("bob", { city: "Rome", mail: "bob@example.org", tags: ["staff"] });
});

const reader = db.open(users);
console.log(reader.by("byMail").one("bob@example.org")?.[0]); //> bob
for (const [tag, name] of reader.by("byTag").keys()) console.log(tag, name);
//> admin ann
//> staff ann
//> staff bob

try {
  const taken = { city: "Rome", mail: "ann@example.org", tags: [] };
  await db.update((tx) => tx.open(users).put("cleo", taken));
} catch (error) {
  console.log(isHoldfastError(error) && error.code); //> ALREADY_EXISTS
}

await db.update((tx) => tx.open(users).remove("ann"));
console.log(reader.by("byCity").count(), reader.verify().ok); //> 1 true
await db.close();
