import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { done, messages, page, readTexts, reason } from "./outcomes.ts";
import { type MakeStore, withStore } from "./stream_store_contract.ts";

const ROUNDS = 50;
const BODY = new Uint8Array(64 * 1024).fill(120);

/** Calls at the same time: no acknowledged change is lost, none comes back. */
export function raceContract(name: string, make: MakeStore): void {
  test(`${name}: of 64 concurrent creations one creates`, () =>
    withStore(make, async ({ store }) => {
      const outcomes = await Promise.all(
        Array.from(
          { length: 64 },
          (_, i) => store.create("a", { contentType: `text/${i % 2 === 0 ? "plain" : "html"}` }),
        ),
      );
      const created = outcomes.filter((outcome) => outcome.outcome === "done" && outcome.created);
      strictEqual(created.length, 1);
      const refused = outcomes.filter((outcome) => outcome.outcome === "refused");
      strictEqual(refused.length, 32);
      deepStrictEqual(new Set(refused.map(reason)), new Set(["config-mismatch"]));
    }));

  test(`${name}: append beside close is before it or refused`, () =>
    withStore(make, async ({ store }) => {
      for (let round = 0; round < ROUNDS; round++) {
        const stream = `s${round}`;
        done(await store.create(stream));
        const appends = [store.append(stream, [BODY]), store.append(stream, messages("y"))];
        const closing = store.close(stream);
        appends.push(store.append(stream, messages("late")));
        const { nextOffset } = done(await closing);
        const outcomes = await Promise.all(appends);
        strictEqual(reason(outcomes[2]!), "closed");
        const accepted = outcomes.filter((outcome) => outcome.outcome === "done").length;
        const read = await page(store, stream);
        strictEqual(read.messages.length, accepted);
        strictEqual(read.nextOffset, nextOffset);
        strictEqual(read.closed, true);
      }
    }));

  test(`${name}: append beside delete never brings the stream back`, () =>
    withStore(make, async ({ store }) => {
      for (let round = 0; round < ROUNDS; round++) {
        done(await store.create("a"));
        const before = store.append("a", [BODY]);
        const deleting = store.delete("a");
        const after = store.append("a", [BODY]);
        const recreated = round % 2 === 0 ? undefined : store.create("a");
        done(await deleting);
        done(await before);
        strictEqual(reason(await after), "not-found");
        if (recreated === undefined) {
          strictEqual(reason(await store.head("a")), "not-found");
        } else {
          strictEqual(done(await recreated).created, true);
          deepStrictEqual(await readTexts(store, "a"), []);
          done(await store.delete("a"));
        }
      }
      while ((await store.sweep()).more);
    }));

  test(`${name}: a fork beside an append and the source's delete keeps what it inherited`, () =>
    withStore(make, async ({ store }) => {
      for (let round = 0; round < ROUNDS; round++) {
        done(await store.create("a", { messages: messages("x") }));
        const append = store.append("a", [BODY]);
        const forking = store.fork("f", "a");
        const deleting = store.delete("a");
        done(await append);
        const { stream } = done(await forking);
        strictEqual(done(await deleting).soft, true);
        await store.sweep();
        const read = await page(store, "f");
        strictEqual(read.nextOffset, stream.nextOffset);
        deepStrictEqual(read.messages[1], BODY);
        done(await store.delete("f"));
        strictEqual(reason(await store.head("a")), "not-found");
      }
      while ((await store.sweep()).more);
    }));

  test(`${name}: 64 writers on one stream are all stored, each in its order`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const writers = Array.from({ length: 64 }, async (_, writer) => {
        const offsets: string[] = [];
        for (let i = 0; i < 10; i++) {
          offsets.push(done(await store.append("a", messages(`${writer}:${i}`))).nextOffset);
        }
        return offsets;
      });
      const offsets = (await Promise.all(writers)).flat();
      strictEqual(new Set(offsets).size, 640);
      const texts = await readTexts(store, "a");
      strictEqual(texts.length, 640);
      for (let writer = 0; writer < 64; writer++) {
        const own = texts.filter((text) => text.startsWith(`${writer}:`));
        deepStrictEqual(own, Array.from({ length: 10 }, (_, i) => `${writer}:${i}`));
      }
    }));

  test(`${name}: readers beside delete and recreation never see both`, () =>
    withStore(make, async ({ store }) => {
      let running = true;
      const reader = async (): Promise<void> => {
        while (running) {
          const read = await store.read("a", "-1");
          if (read.outcome === "refused") strictEqual(reason(read), "not-found");
          else {
            const kinds = new Set(read.messages.map((message) => message[0]));
            strictEqual(kinds.size <= 1, true);
          }
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      };
      const readers = [reader(), reader()];
      for (let round = 0; round < ROUNDS; round++) {
        const text = String.fromCharCode(65 + round % 26);
        done(await store.create("a", { messages: messages(text) }));
        done(await store.append("a", messages(text, text)));
        done(await store.delete("a"));
      }
      running = false;
      await Promise.all(readers);
    }));
}
