/**
 * A golden store of durable streams.
 */

import { type Database, EmbeddedStreamStore } from "../../../mod.ts";
import { type DatabaseGolden, databaseStore } from "./golden_database.ts";
import { equal, expect, type GoldenStore, type Look, pattern } from "./golden_store.ts";

const now = (): number => 1_700_000_000_000;
const producer = (seq: number): { id: string; epoch: number; seq: number } => ({
  id: "p",
  epoch: 1,
  seq,
});

/** The store of a database while the goldens are made. */
const stores = new WeakMap<Database, EmbeddedStreamStore>();

async function storeOf(db: Database): Promise<EmbeddedStreamStore> {
  const store = stores.get(db) ?? await EmbeddedStreamStore.open(db, { now });
  stores.set(db, store);
  return store;
}

async function end(db: Database): Promise<void> {
  await stores.get(db)?.close();
  stores.delete(db);
}

/** Messages of the stream "s". */
function message(n: number): Uint8Array {
  return pattern(n === 3 ? 2400 : 40 + n, n);
}

async function readAll(
  store: EmbeddedStreamStore,
  name: string,
): Promise<{ messages: Uint8Array[]; closed: boolean; end: string }> {
  const messages: Uint8Array[] = [];
  for (let offset = "-1";;) {
    const page = await store.read(name, offset, { maxMessages: 4 });
    if (page.outcome !== "done") {
      expect(false, `${name} is refused: ${page.refusal.reason}`);
      break;
    }
    messages.push(...page.messages);
    offset = page.nextOffset;
    if (page.upToDate) return { messages, closed: page.closed, end: offset };
  }
  throw new Error("not reached");
}

async function verify(db: Database, look: Look, commits: number): Promise<void> {
  const store = await look.wait(() => EmbeddedStreamStore.open(db, { now }));
  if (store === undefined) return;
  try {
    await look.wait(async () => {
      const { messages, closed } = await readAll(store, "s");
      expect(messages.length === 8 + commits, `${messages.length} messages`);
      for (const [n, bytes] of messages.entries()) expect(equal(bytes, message(n)), `message ${n}`);
      expect(!closed, "s is open");
    });
    await look.wait(async () => {
      const { messages, closed } = await readAll(store, "fork");
      expect(messages.length === 3 && closed, `${messages.length} messages of the fork`);
      for (let n = 0; n < 2; n++) {
        expect(equal(messages[n], message(n)), `message ${n} of the fork`);
      }
      expect(equal(messages[2], pattern(9, 9)), "its own message");
    });
    await look.wait(async () => {
      const { streams } = await store.list();
      expect(streams.map(({ name }) => name).join() === "fork,s", `${streams.length} streams`);
    });
    await look.wait(async () => {
      const again = await store.append("s", [message(0)], { producer: producer(commits) });
      const isKnown = again.outcome === "done" && again.duplicate;
      expect(isKnown, "a request that was accepted is accepted again");
    });
  } finally {
    await look.wait(() => store.close());
  }
}

const streams: DatabaseGolden = {
  name: "streams",
  structure: "streams",
  writes: true,
  async fill(db, pause) {
    const store = await storeOf(db);
    await store.create("s", { contentType: "text/plain", messages: [0, 1, 2].map(message) });
    await pause();
    await store.append("s", [3, 4].map(message));
    await pause();
    await store.append("s", [5, 6].map(message));
    await pause();
    const head = await store.read("s", "-1");
    if (head.outcome !== "done") throw new Error("no stream");
    await store.append("s", [message(7)], { producer: producer(0) });
    await pause();
    await store.fork("fork", "s", { offset: head.offsetAfter(2), messages: [pattern(9, 9)] });
    await pause();
    await store.close("fork");
  },
  async change(db, commit) {
    const store = await storeOf(db);
    await store.append("s", [message(7 + commit)], { producer: producer(commit) });
  },
  verify,
  end,
};

/** Golden stores of streams. */
export const streamStores: readonly GoldenStore[] = [databaseStore(streams)];
