/** Opens what is left of a store of streams after a death, and compares it with its history. */

import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import { compareBytes } from "../../../src/base/compare.ts";
import type { Database } from "../../../src/kernel/database.ts";
import { AccessClock } from "../../../src/streams/access_clock.ts";
import { appendMessages } from "../../../src/streams/append.ts";
import type { EmbeddedStreamStore } from "../../../src/streams/embedded_stream_store.ts";
import { durableTables, PendingTables } from "../../../src/streams/tables.ts";
import { auditStreams, type StreamsAudit } from "./streams_audit.ts";
import { applyChange, type Change } from "./streams_changes.ts";
import type { Prefix, StreamsHistory } from "./streams_history.ts";
import { offsetText, StreamsModel } from "./streams_model.ts";
import { type OpenStreams, openStreams, type StreamsSettings } from "./streams_session.ts";
import { DamageFoundError, type Death } from "../subject.ts";

/** A store that was found right. */
export interface JudgedStreams {
  readonly open: OpenStreams;
  /** What the history says it holds, and it does. */
  readonly model: StreamsModel;
  readonly prefix: Prefix;
  readonly content: string;
}

/** @throws for a store that must not be; first of all, if the check of the database finds damage. */
export async function judgeStreams(
  disk: SimulatedDisk,
  settings: StreamsSettings,
  history: StreamsHistory,
  death: Death,
  now: number,
): Promise<JudgedStreams> {
  const open = await openStreams(disk, settings, { now });
  const { database, store, clean } = open;
  const { ok, problems } = await database.check();
  if (!ok || problems.length > 0) throw new DamageFoundError(`check: ${JSON.stringify(problems)}`);
  const audit = auditStreams(durableTables(database));
  const prefix = history.match(audit.content, clean, death);
  if (prefix === undefined) throw history.mismatch(audit.content, clean, death);
  const model = history.modelAt(prefix);
  model.clean = clean;
  applyChange(model, { kind: "open" }, now);
  await compareReaders(store, model, audit, now);
  for (const { change } of prefix.entries) replay(database, model, change, now);
  return { open, model, prefix, content: audit.content };
}

/** What lists, heads and pages show is what is stored. */
async function compareReaders(
  store: EmbeddedStreamStore,
  model: StreamsModel,
  audit: StreamsAudit,
  now: number,
): Promise<void> {
  const living: string[] = [];
  for (const name of model.names.sort()) {
    const stream = model.lookUp(name, now);
    const head = await store.head(name);
    if (typeof stream === "string") {
      if (head.outcome === "done" || head.refusal.reason !== stream) fail(name, `is not ${stream}`);
      continue;
    }
    living.push(name);
    if (head.outcome !== "done") fail(name, `is ${head.refusal.reason}`);
    const { nextOffset, closed } = head.stream;
    if (closed !== stream.closed) fail(name, `is ${closed ? "" : "not "}closed`);
    if (nextOffset !== offsetText(stream.messages.length, stream.bytes)) fail(name, nextOffset);
    // A page would renew a TTL.
    if (stream.ttlSeconds !== undefined) continue;
    await comparePages(store, name, audit.messages.get(name)!, nextOffset, closed);
  }
  const { streams } = await store.list();
  const listed = streams.map(({ name }) => name).join();
  if (listed !== living.join()) fail(listed, `is listed, not ${living.join()}`);
}

/** Two messages, and from there the rest. */
async function comparePages(
  store: EmbeddedStreamStore,
  name: string,
  messages: readonly Uint8Array[],
  tail: string,
  closed: boolean,
): Promise<void> {
  let at = 0;
  let offset = "-1";
  let isClosed = false;
  for (const maxMessages of [2, messages.length + 1]) {
    const page = await store.read(name, offset, { maxMessages });
    if (page.outcome !== "done") fail(name, `cannot be read at ${offset}: ${page.refusal.reason}`);
    for (const message of page.messages) {
      const wanted = messages[at++];
      if (wanted === undefined || !equal(message, wanted)) fail(name, `shows another ${at - 1}`);
    }
    if (page.nextOffset <= offset && page.messages.length > 0) fail(name, "has offsets that fall");
    offset = page.nextOffset;
    isClosed = page.closed;
  }
  if (at !== messages.length || offset !== tail) fail(name, `ends at ${offset} after ${at}`);
  if (isClosed !== closed) fail(name, "is closed for heads, or for readers, alone");
}

/**
 * The request of a producer, sent again: what is there is a duplicate, what is not is accepted. Runs
 * the code of an append in a transaction that is rolled back.
 */
function replay(database: Database, model: StreamsModel, change: Change, now: number): void {
  if (change.kind !== "append" || change.options.producer === undefined) return;
  const { name, messages, options } = change;
  if (typeof model.lookUp(name, now) === "string") return;
  const wanted = JSON.stringify(applyChange(new StreamsModel(model), change, now));
  const tx = database.begin({ isolation: "snapshot" });
  try {
    const given = appendMessages(new PendingTables(tx), new AccessClock(() => now, undefined), {
      name,
      nameBytes: new TextEncoder().encode(name),
      messages,
      options,
      maxStreamBytes: Number.MAX_SAFE_INTEGER,
    });
    if (JSON.stringify(given) !== wanted) {
      fail(name, `answered ${JSON.stringify(given)}, not ${wanted}, to a request sent again`);
    }
  } finally {
    tx.rollback();
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, 0, a.length, b, 0, b.length) === 0;
}

function fail(name: string, why: string): never {
  throw new Error(`${JSON.stringify(name)} ${why}`);
}
