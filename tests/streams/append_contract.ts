import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { assertTexts, done, messages, page, reason, refusal } from "./outcomes.ts";
import { type MakeStore, withStore } from "./stream_store_contract.ts";

/** Appending and closing. */
export function appendContract(name: string, make: MakeStore): void {
  test(`${name}: append returns the offset behind its messages`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const first = done(await store.append("a", messages("hello")));
      deepStrictEqual(first, {
        outcome: "done",
        duplicate: false,
        nextOffset: "0000000000000001_0000000000000005",
        closed: false,
      });
      const second = done(await store.append("a", messages("b", "cc", "ddd")));
      strictEqual(second.nextOffset, "0000000000000004_0000000000000011");
      strictEqual(done(await store.head("a")).stream.nextOffset, second.nextOffset);
      strictEqual((await page(store, "a")).nextOffset, second.nextOffset);
      await assertTexts(store, "a", ["hello", "b", "cc", "ddd"]);
    }));

  test(`${name}: append to nothing is refused`, () =>
    withStore(make, async ({ store }) => {
      strictEqual(reason(await store.append("a", messages("x"))), "not-found");
      strictEqual(reason(await store.close("a")), "not-found");
      done(await store.create("a"));
      await rejects(store.append("a", []), TypeError);
      await rejects(store.append("a", ["x"] as unknown as Uint8Array[]), TypeError);
      await assertTexts(store, "a", []);
    }));

  test(`${name}: messages are copied on their way in and out`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const [message] = messages("before");
      done(await store.append("a", [message!]));
      message!.fill(0);
      await assertTexts(store, "a", ["before"]);
      (await page(store, "a")).messages[0]!.fill(0);
      await assertTexts(store, "a", ["before"]);
    }));

  test(`${name}: content types differ by type and subtype only`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a", { contentType: "application/json" }));
      const append = (contentType: string): ReturnType<typeof store.append> =>
        store.append("a", messages("1"), { contentType });
      done(await append("APPLICATION/json; charset=utf-8"));
      deepStrictEqual(refusal(await append("text/plain")), {
        reason: "content-type-mismatch",
        contentType: "application/json",
      });
      done(await store.append("a", [], { contentType: "text/plain", close: true }));
      await assertTexts(store, "a", ["1"]);
    }));

  test(`${name}: streamSeq is compared by bytes`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const append = (streamSeq: string): ReturnType<typeof store.append> =>
        store.append("a", messages(streamSeq), { streamSeq });
      done(await append("09"));
      done(await append("10"));
      done(await append("2"));
      deepStrictEqual(refusal(await append("10")), {
        reason: "sequence-conflict",
        streamSeq: "2",
      });
      strictEqual(reason(await append("2")), "sequence-conflict");
      done(await append("Z"));
      done(await append("a"));
      strictEqual(reason(await append("B")), "sequence-conflict");
      done(await append("\uffff"));
      done(await append("\u{10000}"));
      strictEqual(reason(await append("\uffff")), "sequence-conflict");
      done(await store.append("a", messages("without")));
      strictEqual(reason(await append("a")), "sequence-conflict");
      const texts = ["09", "10", "2", "Z", "a", "\uffff", "\u{10000}", "without"];
      await assertTexts(store, "a", texts);
    }));

  test(`${name}: expectedOffset is compare-and-append`, () =>
    withStore(make, async ({ store }) => {
      const { stream } = done(await store.create("a"));
      const expectedOffset = stream.nextOffset;
      const outcomes = await Promise.all(
        ["x", "y", "z"].map((text) => store.append("a", messages(text), { expectedOffset })),
      );
      const { nextOffset } = done(outcomes[0]!);
      deepStrictEqual(outcomes.slice(1).map(refusal), [
        { reason: "offset-mismatch", nextOffset },
        { reason: "offset-mismatch", nextOffset },
      ]);
      done(await store.append("a", messages("next"), { expectedOffset: nextOffset }));
      await assertTexts(store, "a", ["x", "next"]);
    }));

  test(`${name}: close is final and can be repeated`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a", { messages: messages("x") }));
      const closed = done(await store.close("a"));
      strictEqual(closed.closed, true);
      strictEqual(closed.duplicate, false);
      const again = done(await store.close("a"));
      strictEqual(again.duplicate, true);
      strictEqual(again.nextOffset, closed.nextOffset);
      deepStrictEqual(refusal(await store.append("a", messages("y"))), {
        reason: "closed",
        nextOffset: closed.nextOffset,
      });
      strictEqual(reason(await store.append("a", messages("y"), { close: true })), "closed");
      strictEqual(
        reason(await store.append("a", messages("y"), { contentType: "other/type" })),
        "closed",
      );
      const read = await page(store, "a");
      strictEqual(read.closed, true);
      strictEqual(done(await store.head("a")).stream.closed, true);
      await assertTexts(store, "a", ["x"]);
    }));

  test(`${name}: append and close is one step`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const last = done(await store.append("a", messages("end"), { close: true }));
      strictEqual(last.closed, true);
      const read = await page(store, "a");
      strictEqual(read.closed, true);
      strictEqual(read.nextOffset, last.nextOffset);
      strictEqual(read.messages.length, 1);
    }));

  test(`${name}: many small messages and large ones come back byte for byte`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const small = Array.from({ length: 3000 }, (_, i) => `message ${i} `.repeat(i % 7));
      done(await store.append("a", messages(...small)));
      const large = new Uint8Array(300_000).map((_, i) => (i * 31) >>> 3);
      done(await store.append("a", [large, ...messages("after"), large.subarray(1)]));
      const read = await page(store, "a", "-1", { maxBytes: 10_000_000 });
      deepStrictEqual(
        read.messages.slice(0, 3000).map((message) => new TextDecoder().decode(message)),
        small,
      );
      deepStrictEqual(read.messages[3000], large);
      deepStrictEqual(read.messages[3001], messages("after")[0]);
      deepStrictEqual(read.messages[3002], large.slice(1));
      strictEqual(read.upToDate, true);
    }));

  test(`${name}: an append over a limit leaves nothing`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const streamSeq = "s".repeat(513);
      strictEqual(reason(await store.append("a", messages("x"), { streamSeq })), "limit");
      const producer = { id: "p".repeat(513), epoch: 0, seq: 0 };
      strictEqual(reason(await store.append("a", messages("x"), { producer })), "limit");
      const huge = new Uint8Array(64 * 1024 * 1024 + 1);
      strictEqual(reason(await store.append("a", [...messages("x"), huge])), "limit");
      await assertTexts(store, "a", []);
    }));
}
