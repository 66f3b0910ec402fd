import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import type { IoAdapter } from "../../src/io/adapter.ts";
import { Database } from "../../src/kernel/database.ts";
import { EmbeddedStreamStore } from "../../src/streams/embedded_stream_store.ts";
import { done, messages, readTexts, reason } from "./outcomes.ts";

const STREAMS = ["a", "b"];
const PRODUCERS = 4;
const REQUESTS = 6;

/** What the outside world was told. */
interface Acknowledged {
  readonly texts: Set<string>;
  readonly facts: Set<string>;
}

/** Runs until the power goes; notes each acknowledgement as it comes. */
async function work(io: IoAdapter, acknowledged: Acknowledged): Promise<void> {
  const store = await EmbeddedStreamStore.open("s.hold", { database: { io }, now: () => 1000 });
  const note = async (fact: string, call: Promise<unknown>): Promise<void> => {
    await call;
    acknowledged.facts.add(fact);
  };
  for (const stream of [...STREAMS, "closing", "source", "victim"]) {
    await note(
      `created ${stream}`,
      store.create(stream, { messages: messages(`first of ${stream}`) }),
    );
  }
  const writers = STREAMS.flatMap((stream) =>
    Array.from({ length: PRODUCERS }, async (_, id) => {
      for (let seq = 0; seq < REQUESTS; seq++) {
        const text = `${id}.${seq}`;
        const producer = { id: `${id}`, epoch: 0, seq };
        done(await store.append(stream, messages(text), { producer }));
        acknowledged.texts.add(`${stream}:${text}`);
      }
    })
  );
  const others = async (): Promise<void> => {
    const producer = { id: "c", epoch: 0, seq: 0 };
    await note("closed", store.append("closing", messages("last"), { producer, close: true }));
    await note("forked", store.fork("fork", "source", { messages: messages("own") }));
    await note("removed", store.delete("source"));
    await note("deleted", store.delete("victim"));
    await note("recreated", store.create("victim", { messages: messages("second life") }));
    await store.sweep();
  };
  await Promise.all([...writers, others()]);
  await store.close();
}

/** Compares a store that came up again with what the outside world was told. */
async function verify(io: IoAdapter, { texts, facts }: Acknowledged): Promise<void> {
  const database = await Database.open("s.hold", { io });
  const store = await EmbeddedStreamStore.open(database, { now: () => 1000 });
  for (const stream of STREAMS) {
    const created = (await store.create(stream)).outcome === "done";
    ok(created);
    const found = await readTexts(store, stream);
    const first = found[0] === `first of ${stream}`;
    strictEqual(first || !facts.has(`created ${stream}`), true, `${stream} lost its beginning`);
    const own = found.slice(first ? 1 : 0);
    strictEqual(new Set(own).size, own.length, `a message of ${stream} is there twice`);
    for (const text of texts) {
      const [of, message] = text.split(":");
      if (of === stream) ok(own.includes(message!), `${text} was acknowledged and is lost`);
    }
    for (let id = 0; id < PRODUCERS; id++) {
      for (let seq = 0; seq < REQUESTS; seq++) {
        const text = `${id}.${seq}`;
        const producer = { id: `${id}`, epoch: 0, seq };
        const again = done(await store.append(stream, messages(text), { producer }));
        strictEqual(again.duplicate, own.includes(text));
      }
    }
    const all = (await readTexts(store, stream)).slice(first ? 1 : 0);
    for (let id = 0; id < PRODUCERS; id++) {
      const expected = Array.from({ length: REQUESTS }, (_, seq) => `${id}.${seq}`);
      deepStrictEqual(all.filter((text) => text.startsWith(`${id}.`)), expected);
    }
  }
  if (facts.has("closed")) {
    deepStrictEqual(await readTexts(store, "closing"), ["first of closing", "last"]);
    strictEqual(reason(await store.append("closing", messages("x"))), "closed");
  }
  if (facts.has("forked")) {
    deepStrictEqual(await readTexts(store, "fork"), ["first of source", "own"]);
  }
  if (facts.has("removed")) strictEqual(reason(await store.head("source")), "gone");
  if (facts.has("recreated")) {
    deepStrictEqual(await readTexts(store, "victim"), ["second life"]);
  } else if (facts.has("deleted")) {
    const read = await store.read("victim", "-1");
    if (read.outcome === "done") {
      deepStrictEqual(read.messages, messages("second life"));
    }
  }
  while ((await store.sweep()).more);
  await store.close();
  deepStrictEqual((await database.check()).problems, []);
  await database.close();
}

test("EmbeddedStreamStore: no power cut loses, doubles or revives anything", async () => {
  const rehearsal = new SimulatedDisk();
  await work(rehearsal.io, { texts: new Set(), facts: new Set() });
  const total = rehearsal.operations;
  let images = 0;
  for (let cut = 0; cut < total; cut += Math.max(1, Math.floor(total / 60))) {
    const disk = new SimulatedDisk();
    disk.cutAt(cut);
    const acknowledged = { texts: new Set<string>(), facts: new Set<string>() };
    await work(disk.io, acknowledged).then(() => {}, () => {});
    for (const image of disk.images({ limit: 4, seed: cut })) {
      await verify(image.disk.io, acknowledged);
      images++;
    }
  }
  ok(images >= 100, `${images} images`);
});
