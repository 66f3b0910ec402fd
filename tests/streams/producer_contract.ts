import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import type { AppendOutcome, StreamStore } from "../../src/streams/stream_store.ts";
import { assertTexts, done, messages, reason, refusal } from "./outcomes.ts";
import { type MakeStore, withStore } from "./stream_store_contract.ts";

/** Idempotent producers. */
export function producerContract(name: string, make: MakeStore): void {
  const send = (
    store: StreamStore,
    id: string,
    epoch: number,
    seq: number,
    more: { close?: boolean; streamSeq?: string } = {},
  ): Promise<AppendOutcome> =>
    store.append("a", messages(`${id}.${epoch}.${seq}`), {
      producer: { id, epoch, seq },
      ...more,
    });

  test(`${name}: producer requests are accepted once and in order`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      deepStrictEqual(refusal(await send(store, "p", 0, 1)), {
        reason: "producer-gap",
        expected: 0,
        received: 1,
      });
      const first = done(await send(store, "p", 3, 0));
      strictEqual(first.duplicate, false);
      deepStrictEqual(first.producer, { epoch: 3, seq: 0 });
      done(await send(store, "p", 3, 1));
      done(await send(store, "p", 3, 2));
      const repeat = done(await send(store, "p", 3, 0));
      strictEqual(repeat.duplicate, true);
      deepStrictEqual(repeat.producer, { epoch: 3, seq: 2 });
      deepStrictEqual(refusal(await send(store, "p", 3, 5)), {
        reason: "producer-gap",
        expected: 3,
        received: 5,
      });
      await assertTexts(store, "a", ["p.3.0", "p.3.1", "p.3.2"]);
    }));

  test(`${name}: a new epoch begins with 0 and fences the old`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      done(await send(store, "p", 0, 0));
      deepStrictEqual(refusal(await send(store, "p", 1, 1)), {
        reason: "producer-epoch-seq",
        epoch: 0,
      });
      done(await send(store, "p", 1, 0));
      deepStrictEqual(refusal(await send(store, "p", 0, 1)), {
        reason: "producer-fenced",
        epoch: 1,
      });
      strictEqual(reason(await send(store, "p", 0, 0)), "producer-fenced");
      done(await send(store, "p", 1, 1));
      await assertTexts(store, "a", ["p.0.0", "p.1.0", "p.1.1"]);
    }));

  test(`${name}: producer ids are plain keys`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const ids = ["__proto__", "constructor", "toString", "", "ä\0b"].filter((id) => id !== "");
      for (const id of ids) {
        done(await send(store, id, 0, 0));
        strictEqual(done(await send(store, id, 0, 0)).duplicate, true);
      }
      await assertTexts(store, "a", ids.map((id) => `${id}.0.0`));
      await rejects(send(store, "", 0, 0), RangeError);
      await rejects(send(store, "p", 0.5, 0), RangeError);
      await rejects(send(store, "p", 0, -1), RangeError);
      await rejects(send(store, "p", 0, 2 ** 53), RangeError);
    }));

  test(`${name}: a repeat is judged before streamSeq and expectedOffset`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      done(await send(store, "p", 0, 0, { streamSeq: "5" }));
      done(await send(store, "p", 0, 1, { streamSeq: "6" }));
      strictEqual(done(await send(store, "p", 0, 0, { streamSeq: "5" })).duplicate, true);
      strictEqual(reason(await send(store, "p", 0, 2, { streamSeq: "5" })), "sequence-conflict");
      done(await send(store, "p", 0, 2, { streamSeq: "7" }));
      await assertTexts(store, "a", ["p.0.0", "p.0.1", "p.0.2"]);
    }));

  test(`${name}: the request that closed is known by its tuple`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      done(await send(store, "p", 0, 0));
      done(await send(store, "p", 0, 1, { close: true }));
      const repeat = done(
        await store.append("a", messages("another body"), {
          producer: { id: "p", epoch: 0, seq: 1 },
          close: true,
        }),
      );
      strictEqual(repeat.duplicate, true);
      strictEqual(repeat.closed, true);
      strictEqual(reason(await send(store, "p", 0, 2, { close: true })), "closed");
      strictEqual(reason(await send(store, "q", 0, 0)), "closed");
      strictEqual(done(await store.close("a")).duplicate, true);
      await assertTexts(store, "a", ["p.0.0", "p.0.1"]);
    }));

  test(`${name}: closing without data advances the producer`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      done(await send(store, "p", 0, 0));
      const producer = { id: "p", epoch: 0, seq: 1 };
      strictEqual(
        reason(await store.close("a", { producer: { ...producer, seq: 2 } })),
        "producer-gap",
      );
      strictEqual(done(await store.close("a", { producer })).duplicate, false);
      const repeat = done(await store.close("a", { producer }));
      strictEqual(repeat.duplicate, true);
      deepStrictEqual(repeat.producer, { epoch: 0, seq: 1 });
      const other = { id: "q", epoch: 0, seq: 0 };
      strictEqual(reason(await store.close("a", { producer: other })), "closed");
    }));

  test(`${name}: 64 producers, each request sent twice at once, are stored once`, () =>
    withStore(make, async ({ store }) => {
      done(await store.create("a"));
      const outcomes: Promise<AppendOutcome>[] = [];
      for (let seq = 0; seq < 5; seq++) {
        for (let id = 0; id < 64; id++) {
          outcomes.push(send(store, `p${id}`, 0, seq), send(store, `p${id}`, 0, seq));
        }
      }
      const duplicates = (await Promise.all(outcomes)).map((outcome) => done(outcome).duplicate);
      deepStrictEqual(duplicates, outcomes.map((_, i) => i % 2 === 1));
      const expected: string[] = [];
      for (let seq = 0; seq < 5; seq++) {
        for (let id = 0; id < 64; id++) expected.push(`p${id}.0.${seq}`);
      }
      await assertTexts(store, "a", expected);
    }));
}
