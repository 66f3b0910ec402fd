/** Courses of calls on a store of streams. Small: each ends within some dozen operations. */

import type { AppendOptions } from "../../../src/streams/stream_store.ts";
import type { StreamsSession } from "./streams_session.ts";

const JSON_TYPE = "application/json";

/** A request of a producer. */
function by(id: string, seq: number, epoch = 0): AppendOptions {
  return { producer: { id, epoch, seq } };
}

export async function firstCreate(s: StreamsSession): Promise<void> {
  await s.create("first", { messages: s.messages(s.random.below(600), 0) });
  await s.append("first", s.messages(1));
  await s.close();
}

/** Many writers of one stream share each sync. */
export async function groupOnOne(s: StreamsSession): Promise<void> {
  await s.create("one");
  for (let round = 0; round < 4; round++) {
    const writers = [0, 1, 2, 3].map((id) =>
      s.append(
        "one",
        s.messages(s.random.below(900)),
        id < 2 ? by(`writer-${id}`, round) : {},
      )
    );
    for (let turn = 0; turn < 3; turn++) {
      await s.turn();
      await s.look("one");
    }
    await Promise.all(writers);
    await s.look("one");
  }
}

/** Many streams, made and written to in the same turns. */
export async function groupOnMany(s: StreamsSession): Promise<void> {
  const names = ["a", "b", "c", "d", "e"];
  await Promise.all(names.map((name) => s.create(name, { messages: s.messages(20) })));
  for (let round = 0; round < 3; round++) {
    const calls: Promise<unknown>[] = names.map((name) =>
      s.append(name, s.messages(s.random.below(400), s.random.below(40)), by("p", round))
    );
    if (round === 1) calls.push(s.delete("c"), s.create("c"), s.append("c", s.messages(7)));
    await s.turn();
    await s.look("b");
    await Promise.all(calls);
  }
}

/** Batches are there whole or not at all, also those of several chunks. */
export async function jsonBatches(s: StreamsSession): Promise<void> {
  await s.create("json", { contentType: JSON_TYPE, messages: s.messages(2, 2) });
  for (let round = 0; round < 3; round++) {
    const small = Array.from({ length: 1 + s.random.below(40) }, () => s.random.below(120));
    const batches = [
      s.append("json", s.messages(...small), { contentType: "application/JSON; a=b" }),
      s.append("json", s.messages(12_000, 24_000, 9000, 1, 30_000), by("batch", round)),
      s.append("json", s.messages(5, 0, 5)),
      s.append("json", s.messages(5), { contentType: "text/plain" }),
    ];
    await Promise.all(batches);
    await s.append("json", s.messages(700, 0, 20, s.random.below(900)));
  }
  await s.look("json");
}

/** Epochs, gaps, repeats and fencing, many requests in flight. */
export async function producers(s: StreamsSession): Promise<void> {
  await s.create("log");
  for (let epoch = 0; epoch < 3; epoch++) {
    const calls: Promise<unknown>[] = [];
    for (let seq = 0; seq < 4; seq++) {
      calls.push(s.append("log", s.messages(10 + seq), by("x", seq, epoch)));
      calls.push(s.append("log", s.messages(30), by("y", 4 * epoch + seq)));
    }
    calls.push(s.append("log", s.messages(3), by("x", 2, epoch)));
    calls.push(s.append("log", s.messages(3), by("x", 9, epoch)));
    calls.push(s.append("log", s.messages(3), by("x", 5, epoch + 7)));
    if (epoch > 0) calls.push(s.append("log", s.messages(3), by("x", 4, epoch - 1)));
    calls.push(s.append("log", s.messages(3), by(`new-${epoch}`, epoch)));
    await Promise.all(calls);
  }
}

/** Streams that end, with and without a last message, and begin anew. */
export async function closeAndRecreate(s: StreamsSession): Promise<void> {
  await s.create("done", { messages: s.messages(5), closed: true });
  await s.create("s", { messages: s.messages(40) });
  for (let round = 0; round < 3; round++) {
    const last = { ...by("closer", 0), close: true };
    await Promise.all([
      s.append("s", s.messages(100), by("other", 0)),
      s.append("s", s.messages(200, 1), last),
      s.append("s", s.messages(3)),
    ]);
    await s.append("s", s.messages(200, 1), last);
    await s.look("s");
    await Promise.all([
      s.delete("s"),
      s.create("s", { contentType: JSON_TYPE }),
      s.append("s", s.messages(50 * round), by("closer", 0)),
      round === 1 ? s.append("s", [], { close: true }) : s.append("s", s.messages(2)),
      s.append("s", [], { ...by("closer", 1), close: true }),
    ]);
    await s.append("s", [], { close: true });
    await s.delete("s");
    await s.create("s", { messages: s.messages(9) });
  }
  await s.sweep();
}

/** Messages of the sizes at which something changes, and large ones. */
export async function largeMessages(s: StreamsSession): Promise<void> {
  await s.create("large", { messages: s.messages(66_000) });
  for (const size of [512, 4096]) {
    await Promise.all(
      [size - 1, size, size + 1].map((length) => s.append("large", s.messages(length))),
    );
  }
  const huge = 64 * 1024 + 1 + s.random.below(20_000);
  await Promise.all([
    s.append("large", s.messages(1, huge, 0), by("p", 0)),
    s.append("large", s.messages(0)),
    s.append("large", s.messages(32_768, 32_767), by("p", 1)),
  ]);
  await s.look("large");
  await s.delete("large");
  await s.sweep();
  await s.create("large", { messages: s.messages(70_000) });
}

/** One append that needs more than the log has left. */
export async function hugeBatch(s: StreamsSession): Promise<void> {
  await s.create("huge");
  await s.append("huge", s.messages(100), by("p", 0));
  const lengths = Array.from({ length: 30 }, () => 8000 + s.random.below(6000));
  await Promise.all([
    s.append("huge", s.messages(10), by("q", 0)),
    s.append("huge", s.messages(...lengths), by("p", 1)),
    s.append("huge", s.messages(10), by("q", 1)),
  ]);
  await s.append("huge", s.messages(700), { ...by("p", 2), close: true });
}

/** Checkpoints beside appends, and what was freed is used again. */
export async function checkpoints(s: StreamsSession): Promise<void> {
  await s.create("kept", { messages: s.messages(300) });
  for (let round = 0; round < 3; round++) {
    await s.create("brief", { messages: s.messages(3000, 3000, 2000) });
    const folding = s.checkpoint();
    const during = s.append("kept", s.messages(s.random.below(2000)), by("p", round));
    await Promise.all([folding, during]);
    await s.delete("brief");
    await s.sweep();
    if (round === 1) await s.checkpoint();
  }
  await s.append("kept", s.messages(10), { ...by("p", 3), close: true });
  await s.checkpoint();
}

/** Clean closes between, with streams whose life a read prolongs. */
export async function reopens(s: StreamsSession): Promise<void> {
  await s.create("lasting");
  await s.create("used", { ttlSeconds: 60, messages: s.messages(4) });
  for (let round = 0; round < 2; round++) {
    await Promise.all(
      [0, 1].map((n) =>
        s.append("lasting", s.messages(s.random.below(300)), by("p", 2 * round + n))
      ),
    );
    s.now += 40_000;
    await s.touch("used");
    s.now += 30_000;
    await s.close();
    s.now += 5000;
    await s.open();
    await s.touch("used");
    await s.look("lasting");
  }
  await s.append("used", s.messages(8));
  await s.close();
}

/** Streams that share messages, and sources that outlive their names. */
export async function forks(s: StreamsSession): Promise<void> {
  await s.create("source", { messages: s.messages(100, 200, 300) });
  const { stream } = await done(s.create("child", { fork: { source: "source" } }));
  await Promise.all([
    s.append("child", s.messages(11), by("p", 0)),
    s.append("source", s.messages(400)),
    s.create("cut", { fork: { source: "source", offset: stream.nextOffset, subOffset: 150 } }),
    s.create("grandchild", { fork: { source: "child" }, messages: s.messages(5), closed: true }),
  ]);
  await Promise.all([s.delete("source"), s.append("cut", s.messages(9))]);
  await s.create("source");
  await s.delete("child");
  await s.sweep();
  await s.delete("cut");
  await s.delete("grandchild");
  await s.create("source", { messages: s.messages(1) });
  for (let i = 0; i < 3; i++) await s.sweep();
  await s.look("source");
}

/** Streams that end by themselves. */
export async function expiry(s: StreamsSession): Promise<void> {
  await s.create("soon", { ttlSeconds: 10, messages: s.messages(50) });
  await s.create("fixed", { expiresAt: s.now + 15_000, messages: s.messages(60, 70) });
  await s.create("heir", { fork: { source: "soon" }, ttlSeconds: 1000 });
  s.now += 8000;
  await s.append("soon", s.messages(5), by("p", 0));
  s.now += 8000;
  await s.sweep();
  await s.create("fixed", { messages: s.messages(3) });
  s.now += 8000;
  await s.create("soon", { ttlSeconds: 20 });
  await s.sweep();
  s.now += 15_000;
  await s.append("soon", s.messages(2), { ...by("p", 0), close: true });
  await s.delete("heir");
  await s.sweep();
}

/** Conditions on an append: of writers that race, one wins. */
export async function conditions(s: StreamsSession): Promise<void> {
  await s.create("c");
  let expectedOffset = "0000000000000000_0000000000000000";
  for (let round = 0; round < 4; round++) {
    const [won] = await Promise.all([
      s.append("c", s.messages(30 + round), { expectedOffset, streamSeq: `0${round}a` }),
      s.append("c", s.messages(40), { expectedOffset }),
      s.append("c", s.messages(50), { streamSeq: `0${round}` }),
      s.append("c", s.messages(60), { ...by("p", round), streamSeq: `0${round}b` }),
    ]);
    if (won?.outcome !== "done") break;
    const [next] = await Promise.all([s.append("c", s.messages(1))]);
    if (next?.outcome !== "done") break;
    expectedOffset = next.nextOffset;
  }
}

/** Names that are stored in two parts. */
export async function longNames(s: StreamsSession): Promise<void> {
  const long = "n".repeat(900);
  await Promise.all(["", "-a", "-b"].map((end) => s.create(long + end)));
  await s.append(`${long}-a`, s.messages(20), by("p", 0));
  await Promise.all([
    s.delete(`${long}-a`),
    s.append(`${long}-b`, s.messages(21), { close: true }),
  ]);
  await s.delete(`${long}-b`);
  await s.create(`${long}-c`, { messages: s.messages(22) });
  await s.sweep();
}

async function done<O extends { readonly outcome: string }>(
  call: Promise<O>,
): Promise<Exclude<O, { readonly outcome: "refused" }>> {
  const outcome = await call;
  if (outcome.outcome !== "done") throw new Error(`refused: ${JSON.stringify(outcome)}`);
  return outcome as Exclude<O, { readonly outcome: "refused" }>;
}
