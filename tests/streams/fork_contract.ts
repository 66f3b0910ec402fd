import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import {
  assertTexts,
  done,
  messages,
  page,
  readTexts,
  reason,
  refusal,
  START,
} from "./outcomes.ts";
import { type MakeStore, withStore } from "./stream_store_contract.ts";

/** Forks. */
export function forkContract(name: string, make: MakeStore): void {
  test(`${name}: a fork shares the messages before it and goes its own way`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a", { contentType: "text/plain" }));
      done(await store.append("a", messages("1", "22", "333")));
      const { offsetAfter } = await page(store, "a");
      const { created, stream } = done(await store.fork("f", "a", { offset: offsetAfter(2) }));
      strictEqual(created, true);
      strictEqual(stream.contentType, "text/plain");
      strictEqual(stream.nextOffset, offsetAfter(2));
      strictEqual(stream.forkedFrom, "a");
      done(await store.append("f", messages("own")));
      done(await store.append("a", messages("later")));
      await assertTexts(store, "f", ["1", "22", "own"]);
      await assertTexts(store, "a", ["1", "22", "333", "later"]);
      deepStrictEqual(await readTexts(store, "f", offsetAfter(1)), ["22", "own"]);
      deepStrictEqual(await readTexts(store, "f", offsetAfter(2)), ["own"]);
      done(await store.close("a"));
      strictEqual(done(await store.head("f")).stream.closed, false);
    }));

  test(`${name}: a fork begins anywhere between messages, by default at the tail`, () =>
    withStore(make, async ({ store }) => {
      const texts = ["a", "bb", "ccc", "dddd"];
      const { stream } = done(
        await store.create("a", { messages: messages(...texts), closed: true }),
      );
      const { offsetAfter } = await page(store, "a");
      for (let count = 0; count <= 4; count++) {
        done(await store.fork(`f${count}`, "a", { offset: offsetAfter(count) }));
        await assertTexts(store, `f${count}`, texts.slice(0, count));
        done(await store.append(`f${count}`, messages("x")));
        await assertTexts(store, `f${count}`, [...texts.slice(0, count), "x"]);
      }
      strictEqual(done(await store.fork("t", "a")).stream.nextOffset, stream.nextOffset);
      await assertTexts(store, "t", texts);
      done(await store.create("empty"));
      done(await store.fork("e", "empty", { messages: messages("first"), closed: true }));
      await assertTexts(store, "e", ["first"]);
      strictEqual(done(await store.head("e")).stream.closed, true);
    }));

  test(`${name}: forks that cannot be are refused and leave no reference`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a", { contentType: "text/plain", messages: messages("abc") }));
      strictEqual(reason(await store.fork("f", "nothing")), "fork-source-not-found");
      strictEqual(reason(await store.fork("f", "f")), "fork-source-not-found");
      strictEqual(reason(await store.fork("f", "a", { offset: "x" })), "bad-offset");
      strictEqual(
        reason(await store.fork("f", "a", { offset: "0000000000000000_0000000000000001" })),
        "bad-offset",
      );
      strictEqual(
        reason(await store.fork("f", "a", { offset: "0000000000000002_0000000000000003" })),
        "offset-beyond-tail",
      );
      strictEqual(
        reason(await store.fork("f", "a", { contentType: "text/html" })),
        "content-type-mismatch",
      );
      deepStrictEqual(refusal(await store.fork("f", "a", { offset: START, subOffset: 4 })), {
        reason: "fork-sub-offset",
        max: 3,
      });
      await rejects(store.fork("f", "a", { subOffset: 1 }), TypeError);
      await rejects(store.fork("f", "a", { offset: START, subOffset: -1 }), RangeError);
      strictEqual(reason(await store.head("f")), "not-found");
      strictEqual(done(await store.delete("a")).soft, false);
    }));

  test(`${name}: a sub-offset counts bytes, or messages of JSON`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("t", { contentType: "text/plain" }));
      const { nextOffset } = done(await store.append("t", messages("first")));
      done(await store.append("t", messages("second")));
      done(
        await store.fork("t3", "t", { offset: nextOffset, subOffset: 3, messages: messages("!") }),
      );
      await assertTexts(store, "t3", ["first", "sec", "!"]);
      strictEqual(
        done(await store.head("t3")).stream.nextOffset,
        "0000000000000003_0000000000000009",
      );
      done(await store.fork("t6", "t", { offset: nextOffset, subOffset: 6 }));
      await assertTexts(store, "t6", ["first", "second"]);
      strictEqual(
        reason(await store.fork("x", "t", { offset: nextOffset, subOffset: 7 })),
        "fork-sub-offset",
      );
      done(await store.fork("t32", "t3", { offset: nextOffset, subOffset: 2 }));
      done(await store.append("t32", messages("Z")));
      await assertTexts(store, "t32", ["first", "se", "Z"]);

      done(await store.create("j", { contentType: "application/json" }));
      done(await store.append("j", messages("1", "[2]", '"drei"')));
      done(await store.fork("j2", "j", { offset: START, subOffset: 2 }));
      await assertTexts(store, "j2", ["1", "[2]"]);
      done(await store.fork("j3", "j", { offset: START, subOffset: 3 }));
      await assertTexts(store, "j3", ["1", "[2]", '"drei"']);
      deepStrictEqual(refusal(await store.fork("x", "j", { offset: START, subOffset: 4 })), {
        reason: "fork-sub-offset",
        max: 3,
      });
    }));

  test(`${name}: creating the same fork again finds it`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a", { contentType: "text/plain", messages: messages("abc") }));
      done(await store.fork("tail", "a"));
      done(await store.fork("start", "a", { offset: START }));
      done(await store.fork("sub", "a", { offset: START, subOffset: 2 }));
      done(await store.append("a", messages("more")));
      const created = async (...fork: Parameters<typeof store.fork>): Promise<unknown> => {
        const outcome = await store.fork(...fork);
        return outcome.outcome === "done" ? outcome.created : reason(outcome);
      };
      strictEqual(await created("tail", "a"), false);
      strictEqual(await created("tail", "a", { subOffset: 0, contentType: "text/plain" }), false);
      strictEqual(await created("start", "a", { offset: START }), false);
      strictEqual(await created("sub", "a", { offset: START, subOffset: 2 }), false);
      strictEqual(await created("sub", "a", { offset: START, subOffset: 1 }), "config-mismatch");
      strictEqual(await created("sub", "a", { offset: START }), "config-mismatch");
      strictEqual(await created("tail", "a", { offset: START }), "config-mismatch");
      strictEqual(await created("start", "a"), "config-mismatch");
      strictEqual(await created("start", "tail", { offset: START }), "config-mismatch");
      strictEqual(
        reason(await store.create("tail", { contentType: "text/plain" })),
        "config-mismatch",
      );
      strictEqual(await created("a", "a"), "config-mismatch");
      strictEqual(done(await store.delete("a")).soft, true);
      strictEqual(await created("start", "a", { offset: START }), false);
    }));

  test(`${name}: a fork inherits neither producers nor streamSeq`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const producer = { id: "p", epoch: 2, seq: 0 };
      done(await store.append("a", messages("x"), { producer, streamSeq: "9" }));
      done(await store.fork("f", "a"));
      const fresh = { id: "p", epoch: 0, seq: 0 };
      strictEqual(
        done(await store.append("f", messages("y"), { producer: fresh, streamSeq: "1" })).duplicate,
        false,
      );
      await assertTexts(store, "f", ["x", "y"]);
    }));

  test(`${name}: a deleted source is gone but its forks read on`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a", { messages: messages("abc") }));
      done(await store.fork("f", "a"));
      done(await store.fork("g", "a"));
      strictEqual(done(await store.delete("a")).soft, true);
      for (let i = 0; i < 3; i++) await store.sweep();
      strictEqual(reason(await store.head("a")), "gone");
      strictEqual(reason(await store.read("a", "-1")), "gone");
      strictEqual(reason(await store.append("a", messages("x"))), "gone");
      strictEqual(reason(await store.close("a")), "gone");
      strictEqual(reason(await store.delete("a")), "gone");
      deepStrictEqual(refusal(await store.create("a")), {
        reason: "soft-deleted",
        which: "target",
      });
      deepStrictEqual(refusal(await store.fork("h", "a")), {
        reason: "soft-deleted",
        which: "source",
      });
      deepStrictEqual((await store.list()).streams.map((stream) => stream.name), ["f", "g"]);
      await assertTexts(store, "f", ["abc"]);
      done(await store.delete("f"));
      strictEqual(reason(await store.head("a")), "gone");
      await assertTexts(store, "g", ["abc"]);
      done(await store.delete("g"));
      strictEqual(reason(await store.head("a")), "not-found");
      strictEqual(done(await store.create("a")).created, true);
      await assertTexts(store, "a", []);
    }));

  test(`${name}: deleting the last of a chain collects the chain`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("0", { messages: messages("m0") }));
      for (let i = 1; i <= 5; i++) {
        done(await store.fork(`${i}`, `${i - 1}`, { messages: messages(`m${i}`) }));
      }
      const all = ["m0", "m1", "m2", "m3", "m4", "m5"];
      for (const each of ["2", "0", "4", "1", "3"]) {
        strictEqual(done(await store.delete(each)).soft, true);
      }
      for (let i = 0; i < 3; i++) await store.sweep();
      await assertTexts(store, "5", all);
      strictEqual(done(await store.delete("5")).soft, false);
      for (let i = 0; i <= 5; i++) strictEqual(reason(await store.head(`${i}`)), "not-found");
      let freed = 0;
      for (let more = true; more;) {
        const report = await store.sweep();
        freed += report.freed;
        more = report.more;
      }
      strictEqual(freed, 6, "one chunk each");
    }));

  test(`${name}: a chain of 64 forks that all wrote reads whole, from any offset`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("0", { messages: messages("m0", "n0") }));
      for (let i = 1; i <= 64; i++) {
        done(await store.fork(`${i}`, `${i - 1}`, { messages: messages(`m${i}`, `n${i}`) }));
        if (i > 1) strictEqual(done(await store.delete(`${i - 1}`)).soft, true);
      }
      const all = await page(store, "64");
      const texts = Array.from({ length: 65 }, (_, i) => [`m${i}`, `n${i}`]).flat();
      await assertTexts(store, "64", texts);
      for (let count = 0; count <= 130; count += 13) {
        deepStrictEqual(await readTexts(store, "64", all.offsetAfter(count)), texts.slice(count));
      }
      deepStrictEqual(refusal(await store.fork("65", "64")), {
        reason: "limit",
        limit: "fork-ranges",
        max: 64,
      });
      done(await store.fork("65", "64", { offset: all.offsetAfter(128) }));
      await assertTexts(store, "65", texts.slice(0, 128));
    }));
}
