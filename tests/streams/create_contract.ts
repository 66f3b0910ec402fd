import { deepStrictEqual, notStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { assertTexts, done, messages, reason, refusal, START } from "./outcomes.ts";
import { type MakeStore, withStore } from "./stream_store_contract.ts";

/** Creating, finding, listing and deleting streams. */
export function createContract(name: string, make: MakeStore): void {
  test(`${name}: create makes an empty stream of bytes`, () =>
    withStore(make, async ({ store, clock }) => {
      const { created, stream } = done(await store.create("a"));
      strictEqual(created, true);
      deepStrictEqual({ ...stream, incarnation: "" }, {
        name: "a",
        contentType: "application/octet-stream",
        incarnation: "",
        nextOffset: START,
        closed: false,
        createdAt: clock.now,
      });
      deepStrictEqual(done(await store.head("a")).stream, stream);
      await assertTexts(store, "a", []);
    }));

  test(`${name}: create with messages and closed is complete in one step`, () =>
    withStore(make, async ({ store }) => {
      const options = {
        contentType: "text/plain",
        messages: messages("one", "", "three"),
        closed: true,
      };
      const { stream } = done(await store.create("a", options));
      strictEqual(stream.closed, true);
      strictEqual(stream.nextOffset, "0000000000000003_0000000000000008");
      await assertTexts(store, "a", ["one", "", "three"]);
      strictEqual(reason(await store.append("a", messages("x"))), "closed");
      strictEqual(done(await store.create("a", options)).created, false);
      await assertTexts(store, "a", ["one", "", "three"]);
    }));

  test(`${name}: create of what exists compares the configuration`, () =>
    withStore(make, async ({ store, clock }) => {
      const options = { contentType: "Text/Plain; charset=utf-8", ttlSeconds: 60 };
      done(await store.create("a", { ...options, messages: messages("x") }));
      const again = done(await store.create("a", { ...options, messages: messages("y") }));
      strictEqual(again.created, false);
      strictEqual(again.stream.contentType, "Text/Plain; charset=utf-8");
      strictEqual(again.stream.ttlSeconds, 60);
      const bare = { contentType: "text/plain", ttlSeconds: 60 };
      strictEqual(done(await store.create("a", bare)).created, false);
      const member = async (other: Parameters<typeof store.create>[1]): Promise<unknown> => {
        const why = refusal(await store.create("a", other));
        return why.reason === "config-mismatch" ? why.member : why;
      };
      strictEqual(await member({ ...bare, contentType: "text/html" }), "contentType");
      strictEqual(await member({ ttlSeconds: 60 }), "contentType");
      strictEqual(await member({ contentType: "text/plain" }), "ttlSeconds");
      strictEqual(await member({ ...bare, ttlSeconds: 61 }), "ttlSeconds");
      strictEqual(
        await member({ contentType: "text/plain", expiresAt: clock.now + 60000 }),
        "ttlSeconds",
      );
      strictEqual(await member({ ...bare, closed: true }), "closed");
      strictEqual(await member({ ...bare, fork: { source: "b" } }), "fork");
      await assertTexts(store, "a", ["x"]);
    }));

  test(`${name}: names are plain keys`, () =>
    withStore(make, async ({ store }) => {
      const names = [
        "__proto__",
        "constructor",
        "..",
        "../../etc/passwd",
        "a/b/c",
        "a\0b",
        " ",
        "ä€𐍈",
        "x".repeat(1024),
        "x".repeat(1023) + "y",
        "x".repeat(900),
        "x".repeat(901),
        "x".repeat(899) + "é",
        "x".repeat(899) + "é" + "z".repeat(50),
      ];
      for (const each of names) {
        done(await store.create(each, { messages: messages(each.slice(-30)) }));
      }
      for (const each of names) await assertTexts(store, each, [each.slice(-30)]);
      const utf8 = new TextEncoder();
      const sorted = names.toSorted((a, b) => {
        const [x, y] = [utf8.encode(a), utf8.encode(b)];
        let i = 0;
        while (i < x.length && x[i] === y[i]) i++;
        return (x[i] ?? -1) - (y[i] ?? -1);
      });
      deepStrictEqual((await store.list()).streams.map((stream) => stream.name), sorted);
      for (const each of names) done(await store.delete(each));
      for (const each of names) strictEqual(reason(await store.head(each)), "not-found");
      deepStrictEqual((await store.list()).streams, []);
    }));

  test(`${name}: names that are no names are refused`, () =>
    withStore(make, async ({ store }) => {
      const tooLong = refusal(await store.create("x".repeat(1025)));
      deepStrictEqual(tooLong, { reason: "limit", limit: "name-bytes", max: 1024 });
      strictEqual(reason(await store.append("é".repeat(513), messages("x"))), "limit");
      strictEqual(reason(await store.head("x".repeat(10_000))), "not-found");
      await rejects(store.create(""), RangeError);
      await rejects(store.create("a\ud800"), TypeError);
      await rejects(store.create("a", { ttlSeconds: 1, expiresAt: 1 }), TypeError);
      await rejects(store.create("a", { ttlSeconds: 1.5 }), RangeError);
      await rejects(store.create("a", { ttlSeconds: -1 }), RangeError);
      deepStrictEqual((await store.list()).streams, []);
    }));

  test(`${name}: list pages by name and prefix`, () =>
    withStore(make, async ({ store }) => {
      const long = "p/" + "q".repeat(950);
      const names = ["a", "p", "p/1", "p/2", "p/3", long + "1", long + "2", long + "3", "z"];
      for (const each of names) done(await store.create(each));
      const pageNames = async (options?: Parameters<typeof store.list>[0]): Promise<unknown> => {
        const { streams, more } = await store.list(options);
        return [...streams.map((stream) => stream.name), more];
      };
      deepStrictEqual(await pageNames(), [...names, false]);
      deepStrictEqual(await pageNames({ prefix: "p/" }), [...names.slice(2, 8), false]);
      deepStrictEqual(await pageNames({ prefix: long }), [...names.slice(5, 8), false]);
      deepStrictEqual(await pageNames({ limit: 2 }), ["a", "p", true]);
      deepStrictEqual(await pageNames({ prefix: "p/", after: "p/2", limit: 2 }), [
        "p/3",
        long + "1",
        true,
      ]);
      deepStrictEqual(await pageNames({ after: long + "1" }), [long + "2", long + "3", "z", false]);
      deepStrictEqual(await pageNames({ after: long + "1", prefix: "p", limit: 1 }), [
        long + "2",
        true,
      ]);
      deepStrictEqual(await pageNames({ after: "z" }), [false]);
      deepStrictEqual(await pageNames({ prefix: "nothing" }), [false]);
    }));

  test(`${name}: a stream created anew is another stream`, () =>
    withStore(make, async ({ store }) => {
      const first = done(await store.create("a", { messages: messages("old") })).stream;
      done(
        await store.append("a", messages("x"), {
          producer: { id: "p", epoch: 5, seq: 0 },
          streamSeq: "9",
        }),
      );
      strictEqual(done(await store.delete("a")).soft, false);
      strictEqual(reason(await store.head("a")), "not-found");
      strictEqual(reason(await store.read("a", "-1")), "not-found");
      strictEqual(reason(await store.append("a", messages("x"))), "not-found");
      strictEqual(reason(await store.delete("a")), "not-found");
      const second = done(await store.create("a", { messages: messages("new") })).stream;
      notStrictEqual(second.incarnation, first.incarnation);
      await assertTexts(store, "a", ["new"]);
      const producer = { id: "p", epoch: 0, seq: 0 };
      done(await store.append("a", messages("y"), { producer, streamSeq: "1" }));
      await assertTexts(store, "a", ["new", "y"]);
      for (let i = 0; i < 5; i++) await store.sweep();
      await assertTexts(store, "a", ["new", "y"]);
    }));

  test(`${name}: sweep frees a large deleted stream in bounded steps`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const appends: Promise<unknown>[] = [];
      for (let i = 0; i < 1500; i++) {
        const producer = { id: `p${i % 100}`, epoch: 0, seq: Math.floor(i / 100) };
        appends.push(store.append("a", messages(`message ${i}`), { producer }));
      }
      await Promise.all(appends);
      done(await store.create("b", { messages: messages("stays") }));
      done(await store.delete("a"));
      let freed = 0;
      let steps = 0;
      for (let more = true; more; steps++) {
        const report = await store.sweep();
        freed += report.freed;
        more = report.more;
      }
      strictEqual(freed > 1500, true);
      strictEqual(steps > 2, true);
      strictEqual((await store.sweep()).freed, 0);
      await assertTexts(store, "b", ["stays"]);
    }));
}
