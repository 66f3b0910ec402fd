import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { done, messages, page, reason, refusal, START } from "./outcomes.ts";
import { type MakeStore, withStore } from "./stream_store_contract.ts";

/** Paged reads, offsets and waiting. */
export function readContract(name: string, make: MakeStore): void {
  test(`${name}: pages end between messages and cover the stream`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const texts = Array.from({ length: 200 }, (_, i) => `${i}:`.padEnd(1 + (i * 7) % 90, "x"));
      for (let i = 0; i < 200; i += 40) {
        done(await store.append("a", messages(...texts.slice(i, i + 40))));
      }
      const tail = done(await store.close("a")).nextOffset;
      for (const options of [{ maxBytes: 100 }, { maxBytes: 0 }, { maxMessages: 7 }]) {
        const found: string[] = [];
        for (let offset = "-1";;) {
          const read = await page(store, "a", offset, options);
          strictEqual(read.messages.length > 0, true);
          if (options.maxMessages !== undefined) strictEqual(read.messages.length <= 7, true);
          if (read.messages.length > 1 && options.maxBytes !== undefined) {
            strictEqual(read.bytes <= options.maxBytes, true);
          }
          strictEqual(read.bytes, read.messages.reduce((sum, { length }) => sum + length, 0));
          strictEqual(read.startOffset, offset === "-1" ? START : offset);
          strictEqual(read.offsetAfter(0), read.startOffset);
          strictEqual(read.offsetAfter(read.messages.length), read.nextOffset);
          found.push(...read.messages.map((message) => new TextDecoder().decode(message)));
          const last = read.nextOffset === tail;
          strictEqual(read.upToDate, last);
          strictEqual(read.closed, last);
          if (last) break;
          strictEqual(read.nextOffset > read.startOffset, true);
          offset = read.nextOffset;
        }
        deepStrictEqual(found, texts);
      }
    }));

  test(`${name}: every offset inside a page can be read from`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      done(await store.append("a", messages("one", "two", "three", "four")));
      done(await store.append("a", messages("five")));
      const all = await page(store, "a");
      for (let count = 0; count <= 5; count++) {
        const read = await page(store, "a", all.offsetAfter(count));
        deepStrictEqual(read.messages, all.messages.slice(count));
        strictEqual(read.upToDate, true);
      }
    }));

  test(`${name}: the tail, "now" and an empty stream read as empty pages`, () =>
    withStore(make, async ({ store }) => {
      const { stream } = done(await store.create("a", { contentType: "text/plain" }));
      const summary = async (offset: string): Promise<unknown> => {
        const { offsetAfter: _, release: __, ...rest } = await page(store, "a", offset);
        return rest;
      };
      const empty = {
        outcome: "done",
        messages: [],
        bytes: 0,
        startOffset: START,
        nextOffset: START,
        upToDate: true,
        closed: false,
        incarnation: stream.incarnation,
        contentType: "text/plain",
      };
      deepStrictEqual(await summary("-1"), empty);
      deepStrictEqual(await summary("now"), empty);
      deepStrictEqual(await summary(START), empty);
      const { nextOffset } = done(await store.append("a", messages("xyz")));
      const atTail = { ...empty, startOffset: nextOffset, nextOffset };
      deepStrictEqual(await summary("now"), atTail);
      deepStrictEqual(await summary(nextOffset), atTail);
      done(await store.close("a"));
      deepStrictEqual(await summary("now"), { ...atTail, closed: true });
    }));

  test(`${name}: offsets that are none are refused`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      done(await store.append("a", messages("abc", "de")));
      const { nextOffset } = done(await store.append("a", messages("fgh")));
      const digits = (message: number, byte: number): string =>
        `${String(message).padStart(16, "0")}_${String(byte).padStart(16, "0")}`;
      const bad = ["", "0", "0_0", "-2", "NOW", START + "0", " " + START, START.replace("_", "-")];
      bad.push(digits(0, 1), digits(1, 0), digits(1, 2), digits(1, 5), digits(2, 4), digits(3, 7));
      bad.push("9".repeat(16) + "_" + "9".repeat(16));
      for (const offset of bad) strictEqual(reason(await store.read("a", offset)), "bad-offset");
      for (const offset of [digits(4, 8), digits(3, 9), digits(4, 9), digits(0, 9)]) {
        deepStrictEqual(refusal(await store.read("a", offset)), {
          reason: "offset-beyond-tail",
          nextOffset,
        });
      }
      await rejects(store.read("a", "-1", { maxMessages: 0 }), RangeError);
      await rejects(store.read("a", "-1", { maxBytes: -1 }), RangeError);
    }));

  test(`${name}: subscribe resolves at once when the position is out of date`, () =>
    withStore(make, async ({ store }) => {
      const { stream } = done(await store.create("a"));
      const position = { incarnation: stream.incarnation, offset: stream.nextOffset };
      strictEqual(await store.subscribe("nothing", position), "changed");
      strictEqual(
        await store.subscribe("a", { ...position, incarnation: "other" }),
        "changed",
      );
      done(await store.append("a", messages("x")));
      strictEqual(await store.subscribe("a", position), "changed");
      const { nextOffset } = done(await store.close("a"));
      strictEqual(await store.subscribe("a", { ...position, offset: nextOffset }), "changed");
    }));

  test(`${name}: subscribe wakes on append, close, delete and recreation`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const changes = [
        () => store.append("a", messages("x")),
        () => store.close("a"),
        () => store.delete("a"),
      ];
      for (const change of changes) {
        const { incarnation, nextOffset } = await page(store, "a");
        const waits = Array.from(
          { length: 20 },
          () => store.subscribe("a", { incarnation, offset: nextOffset }),
        );
        await change();
        deepStrictEqual(await Promise.all(waits), Array(20).fill("changed"));
      }
    }));

  test(`${name}: subscribe ends with its signal, and with the store`, () =>
    withStore(make, async ({ store }) => {
      const { stream } = done(await store.create("a"));
      const position = { incarnation: stream.incarnation, offset: stream.nextOffset };
      const stop = new AbortController();
      const waiting = store.subscribe("a", position, { signal: stop.signal });
      stop.abort();
      strictEqual(await waiting, "aborted");
      strictEqual(await store.subscribe("a", position, { signal: stop.signal }), "aborted");
      const left = store.subscribe("a", position);
      const rejected = rejects(left, { code: "CLOSED" });
      await store.close();
      await rejected;
      await store.close();
      await rejects(store.read("a", "-1"), { code: "CLOSED" });
      await rejects(store.append("a", messages("x")), { code: "CLOSED" });
      await rejects(store.head("a"), { code: "CLOSED" });
    }));

  test(`${name}: a subscriber reads what woke it`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const follow = async (): Promise<number> => {
        let count = 0;
        for (let read = await page(store, "a"); !read.closed;) {
          const { incarnation, nextOffset } = read;
          await store.subscribe("a", { incarnation, offset: nextOffset });
          read = await page(store, "a", nextOffset);
          count += read.messages.length;
        }
        return count;
      };
      const followers = [follow(), follow(), follow()];
      for (let i = 0; i < 50; i++) {
        const append = store.append("a", messages(`${i}`));
        if (i % 3 === 0) await append;
      }
      await store.close("a");
      deepStrictEqual(await Promise.all(followers), [50, 50, 50]);
    }));
}
