/** Large pages leave time to changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { EmbeddedStreamStore } from "../../mod.ts";
import { ReadPace } from "../../src/streams/read_pace.ts";

/** A clock and turns that a test moves by hand. */
class Hands {
  now = 0;
  changes = 0;
  #turns: (() => void)[] = [];
  readonly pace = new ReadPace(
    { monotonic: () => this.now, nextTurn: (callback) => this.#turns.push(callback) },
    () => this.changes,
  );

  /** Reads a large page that takes some milliseconds; what is sent with it comes with the turn. */
  read(milliseconds: number): void {
    const began = this.now;
    this.now += milliseconds;
    this.pace.read(began);
  }

  async turn(): Promise<void> {
    for (const callback of this.#turns.splice(0)) callback();
    // Promise jobs run before timers.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Lets time pass, on this clock and on that of the timers, which is behind it. */
  async pass(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await this.turn();
  }
}

test("ReadPace: without changes lately nobody waits", async () => {
  const hands = new Hands();
  assert.equal(hands.pace.isTaken, false);
  hands.read(2);
  assert.equal(hands.pace.isTaken, false);
  hands.changes++;
  assert.equal(hands.pace.isTaken, true);
  hands.now += 5;
  assert.equal(hands.pace.isTaken, false);
  hands.read(2);
  assert.equal(hands.pace.isTaken, true, "changes came before this page, so more are expected");
  hands.now += 20;
  await hands.turn();
  hands.read(2);
  assert.equal(hands.pace.isTaken, false, "none came for long");
});

test("ReadPace: what comes in the turn of a page is its sending, up to a bound", async () => {
  const hands = new Hands();
  hands.changes++;
  hands.read(2);
  hands.now += 2;
  await hands.turn();
  hands.now += 9;
  assert.equal(hands.pace.isTaken, true);
  hands.now += 1;
  assert.equal(hands.pace.isTaken, false, "two and a half times 4 ms");
  hands.changes++;
  hands.read(1);
  hands.now += 100;
  await hands.turn();
  hands.changes++;
  hands.now += 9;
  assert.equal(hands.pace.isTaken, true);
  hands.now += 1;
  assert.equal(hands.pace.isTaken, false, "two and a half times 4 ms");
});

test("ReadPace.turn: one large page in a turn, in call order, each when the one before it is paid for", async () => {
  const hands = new Hands();
  const order: string[] = [];
  hands.changes++;
  hands.read(2);
  await hands.turn();
  for (const name of ["a", "b"]) {
    void hands.pace.turn().then(() => {
      order.push(name);
      hands.read(2);
    });
  }
  await hands.pass(4);
  assert.deepEqual(order, [], "it is not paid for");
  await hands.pass(5);
  assert.deepEqual(order, ["a"]);
  await hands.pass(4);
  assert.deepEqual(order, ["a"]);
  await hands.pass(5);
  assert.deepEqual(order, ["a", "b"]);
  hands.now += 5;
  assert.equal(hands.pace.isTaken, false);
});

test("ReadPace.turn: who waits goes on when no more changes come", async () => {
  const hands = new Hands();
  let isRead = false;
  const wait = async (): Promise<void> => {
    isRead = false;
    await hands.pace.turn();
    isRead = true;
  };
  hands.changes++;
  hands.read(400);
  await hands.turn();
  void wait();
  await hands.pass(15);
  assert.equal(isRead, false, "changes are expected");
  for (let passed = 0; passed < 10 && !isRead; passed++) await hands.pass(5);
  assert.equal(isRead, true, "none came for 20 ms");

  hands.changes++;
  hands.read(400);
  await hands.turn();
  hands.changes++;
  void wait();
  await hands.pass(990);
  await hands.pass(0);
  assert.equal(isRead, false, "a change came, so all of it is owed");
  for (let passed = 0; passed < 10 && !isRead; passed++) await hands.pass(10);
  assert.equal(isRead, true, "the clock is looked at again and again");
});

test("ReadPace.end: nobody waits any more", async () => {
  const hands = new Hands();
  hands.changes++;
  hands.read(1_000);
  hands.changes++;
  const order: string[] = [];
  for (const name of ["a", "b"]) void hands.pace.turn().then(() => order.push(name));
  await hands.pass(0);
  assert.deepEqual(order, []);
  hands.pace.end();
  assert.equal(hands.pace.isTaken, true, "those that wait go on in later turns");
  for (let passed = 0; passed < 10 && order.length < 2; passed++) await hands.pass(0);
  assert.deepEqual(order, ["a", "b"]);
  assert.equal(hands.pace.isTaken, false);
});

/** A store with a large stream and a small one, each look at whose clock takes a millisecond. */
async function slowStore(): Promise<EmbeddedStreamStore> {
  let now = 0;
  const io = { ...memoryIo(), monotonic: () => now++ };
  const store = await EmbeddedStreamStore.open("/streams.hold", { database: { io } });
  await store.create("large", { messages: [new Uint8Array(300_000), new Uint8Array(300_000)] });
  await store.create("small", { messages: [new Uint8Array(10)] });
  await store.read("large", "-1");
  return store;
}

test("EmbeddedStreamStore.read: a large page waits for changes, a small one does not", async () => {
  const store = await slowStore();
  const order: string[] = [];
  const done = (name: string) => () => void order.push(name);
  const all = [
    store.append("small", [new Uint8Array(100)]).then(done("append")),
    store.read("large", "-1").then(done("large")),
    store.read("large", "-1").then(done("large")),
    store.read("small", "-1").then(done("small")),
    store.read("large", "now").then(done("end of large")),
  ];
  await Promise.all(all);
  assert.deepEqual(order.slice(0, 2), ["small", "end of large"]);
  assert.equal(order.at(-1), "large", "the append came between the large ones");
  await store.close();
});

test("EmbeddedStreamStore.close: a large page that waits long is CLOSED soon", async () => {
  let now = 0;
  let step = 500;
  const io = { ...memoryIo(), monotonic: () => now += step };
  const store = await EmbeddedStreamStore.open("/streams.hold", { database: { io } });
  await store.create("s", { messages: [new Uint8Array(300_000)] });
  await store.read("s", "-1");
  step = 0;
  await store.append("s", [new Uint8Array(100)]);
  const page = store.read("s", "-1");
  const rejected = assert.rejects(page, { code: "CLOSED" });
  await store.close();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => timer = setTimeout(resolve, 500, "late"));
  assert.equal(await Promise.race([rejected, late]), undefined);
  clearTimeout(timer);
});

test("EmbeddedStreamStore.close: a large page that still waits is CLOSED", async () => {
  const store = await slowStore();
  const writing = store.append("small", [new Uint8Array(100)]);
  const page = store.read("large", "-1");
  const closing = store.close();
  await assert.rejects(page, { code: "CLOSED" });
  await Promise.all([writing, closing]);
});
