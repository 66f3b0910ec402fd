/** Durable streams over HTTP, in the same file as everything else. */

import { createHandler, Database, EmbeddedStreamStore } from "@holdfast/holdfast";

const db = await Database.memory();
const store = await EmbeddedStreamStore.open(db);
const handle = createHandler(store); // for Deno.serve, Bun.serve, Hono, ...

const url = "http://localhost/v1/stream/greetings";
await handle(new Request(url, { method: "PUT", headers: { "Content-Type": "text/plain" } }));
await handle(
  new Request(url, {
    method: "POST",
    headers: { "Content-Type": "text/plain" },
    body: "hello",
  }),
);
const answer = await handle(new Request(`${url}?offset=-1`));
console.log(answer.status, await answer.text()); //> 200 hello
await store.close();
await db.close();
