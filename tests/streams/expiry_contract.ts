import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { assertTexts, done, messages, page, reason } from "./outcomes.ts";
import { type MakeStore, withStore } from "./stream_store_contract.ts";

/** Streams that expire. */
export function expiryContract(name: string, make: MakeStore): void {
  test(`${name}: an expired stream is not found and its name is free`, () =>
    withStore(make, async ({ store, clock }) => {
      const { stream } = done(await store.create("a", { ttlSeconds: 10, messages: messages("x") }));
      done(await store.create("b", { expiresAt: clock.now + 10_000 }));
      clock.now += 9_999;
      strictEqual(done(await store.head("a")).stream.ttlSeconds, 10);
      strictEqual(done(await store.head("b")).stream.expiresAt, stream.createdAt + 10_000);
      clock.now += 1;
      for (const each of ["a", "b"]) {
        strictEqual(reason(await store.head(each)), "not-found");
        strictEqual(reason(await store.read(each, "-1")), "not-found");
        strictEqual(reason(await store.append(each, messages("x"))), "not-found");
        strictEqual(reason(await store.close(each)), "not-found");
        strictEqual(reason(await store.delete(each)), "not-found");
        strictEqual(reason(await store.touch(each)), "not-found");
        strictEqual(reason(await store.fork("f", each)), "fork-source-not-found");
      }
      deepStrictEqual((await store.list()).streams, []);
      const second = done(await store.create("a", { contentType: "text/plain" }));
      strictEqual(second.created, true);
      notStrictEqual(second.stream.incarnation, stream.incarnation);
      await assertTexts(store, "a", []);
      strictEqual((await store.sweep()).expired, 1);
      strictEqual(reason(await store.head("b")), "not-found");
      done(await store.head("a"));
    }));

  test(`${name}: reads, touches, appends and closing renew a TTL; head does not`, () =>
    withStore(make, async ({ store, clock }) => {
      done(await store.create("a", { ttlSeconds: 10 }));
      const uses = [
        () => store.read("a", "-1"),
        () => store.read("a", "now"),
        () => store.touch("a"),
        () => store.append("a", messages("x")),
        () => store.append("a", messages("y"), { producer: { id: "p", epoch: 0, seq: 0 } }),
        () => store.append("a", messages("y"), { producer: { id: "p", epoch: 0, seq: 0 } }),
        () => store.close("a", { producer: { id: "p", epoch: 0, seq: 1 } }),
        () => store.close("a"),
      ];
      for (const use of uses) {
        clock.now += 9_000;
        await store.sweep();
        done(await use());
      }
      clock.now += 9_000;
      done(await store.head("a"));
      clock.now += 1_000;
      strictEqual(reason(await store.head("a")), "not-found");
    }));

  test(`${name}: nothing renews an absolute expiry`, () =>
    withStore(make, async ({ store, clock }) => {
      done(await store.create("a", { expiresAt: clock.now + 1000 }));
      clock.now += 999;
      done(await store.read("a", "-1"));
      done(await store.append("a", messages("x")));
      clock.now += 1;
      strictEqual(reason(await store.head("a")), "not-found");
      strictEqual((await store.sweep()).expired, 1);
    }));

  test(`${name}: sweep expires, wakes, and leaves what was renewed`, () =>
    withStore(make, async ({ store, clock }) => {
      done(await store.create("a", { ttlSeconds: 10 }));
      done(await store.create("b", { ttlSeconds: 10 }));
      clock.now += 5_000;
      const { incarnation, nextOffset } = await page(store, "b");
      const onA = page(store, "a");
      const waitA = store.subscribe("a", {
        incarnation: (await onA).incarnation,
        offset: nextOffset,
      });
      const waitB = store.subscribe("b", { incarnation, offset: nextOffset });
      clock.now += 6_000;
      deepStrictEqual(await store.sweep(), { expired: 0, freed: 0, more: false });
      done(await store.touch("b"));
      clock.now += 4_000;
      strictEqual((await store.sweep()).expired, 1);
      strictEqual(await waitA, "changed");
      strictEqual(reason(await store.head("a")), "not-found");
      done(await store.append("b", messages("x")));
      strictEqual(await waitB, "changed");
    }));

  test(`${name}: a clock that goes back expires nothing early`, () =>
    withStore(make, async ({ store, clock }) => {
      const begin = clock.now;
      done(await store.create("a", { ttlSeconds: 10 }));
      clock.now = begin - 100_000;
      done(await store.append("a", messages("x")));
      done(await store.read("a", "-1"));
      await store.sweep();
      clock.now = begin + 9_999;
      await store.sweep();
      done(await store.head("a"));
      clock.now = begin + 10_000;
      strictEqual(reason(await store.head("a")), "not-found");
    }));

  test(`${name}: extreme lifetimes are kept and never overflow`, () =>
    withStore(make, async ({ store, clock }) => {
      const ttlSeconds = Number.MAX_SAFE_INTEGER;
      strictEqual(done(await store.create("a", { ttlSeconds })).stream.ttlSeconds, ttlSeconds);
      const expiresAt = Number.MAX_SAFE_INTEGER;
      done(await store.create("b", { expiresAt }));
      done(await store.create("c", { ttlSeconds: 0 }));
      done(await store.create("d", { expiresAt: -1 }));
      clock.now += 1_000_000_000_000;
      while ((await store.sweep()).more);
      deepStrictEqual((await store.list()).streams.map((stream) => stream.name), ["a", "b"]);
    }));

  test(`${name}: forks inherit a lifetime unless they bring one`, () =>
    withStore(make, async ({ store, clock }) => {
      const expiresAt = clock.now + 5_000;
      done(await store.create("ttl", { ttlSeconds: 10, messages: messages("x") }));
      done(await store.create("date", { expiresAt }));
      strictEqual(done(await store.fork("f1", "ttl")).stream.ttlSeconds, 10);
      strictEqual(done(await store.fork("f1", "ttl")).created, false);
      strictEqual(done(await store.fork("f2", "date")).stream.expiresAt, expiresAt);
      const own = done(await store.fork("f3", "ttl", { expiresAt: expiresAt + 20_000 })).stream;
      strictEqual(own.ttlSeconds, undefined);
      strictEqual(own.expiresAt, expiresAt + 20_000);
      strictEqual(reason(await store.fork("f3", "ttl")), "config-mismatch");
      clock.now += 10_000;
      strictEqual((await store.sweep()).expired, 4);
      strictEqual(reason(await store.head("ttl")), "not-found");
      strictEqual(reason(await store.head("f1")), "not-found");
      await assertTexts(store, "f3", ["x"]);
    }));

  test(`${name}: an expired source lends its data on and its name is free`, () =>
    withStore(make, async ({ store, clock }) => {
      done(await store.create("a", { ttlSeconds: 1, messages: messages("old") }));
      done(await store.fork("f", "a", { ttlSeconds: 100 }));
      clock.now += 1_000;
      done(await store.create("a", { messages: messages("new") }));
      while ((await store.sweep()).more);
      await assertTexts(store, "f", ["old"]);
      await assertTexts(store, "a", ["new"]);
      done(await store.delete("f"));
      while ((await store.sweep()).more);
      await assertTexts(store, "a", ["new"]);
    }));

  test(`${name}: creating over an expired fork of the same source keeps the references right`, () =>
    withStore(make, async ({ store, clock }) => {
      done(await store.create("a", { messages: messages("x") }));
      done(await store.fork("f", "a", { ttlSeconds: 1 }));
      clock.now += 1_000;
      strictEqual(done(await store.fork("f", "a")).created, true);
      strictEqual(done(await store.delete("a")).soft, true);
      while ((await store.sweep()).more);
      await assertTexts(store, "f", ["x"]);
      done(await store.delete("f"));
      strictEqual(reason(await store.head("a")), "not-found");
    }));
}
