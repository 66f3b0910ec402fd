/**
 * A client that creates streams, and closes and deletes them, until the server dies.
 *
 * @module
 */

import { IdempotentProducer } from "@durable-streams/client";
import type { Ledger } from "./ledger.ts";
import { encodeMessage } from "./message.ts";
import type { Session } from "./session.ts";
import { noteFailure } from "./session.ts";

/** Leads streams through their lives one after the other; their names begin with `prefix`. */
export async function leadLives(
  session: Session,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  for (let count = 0; !signal.aborted; count++) {
    const kind = session.prng.below(2) === 0 ? "json" : "text";
    const ledger = session.ledger(`${prefix}/${count}`, kind);
    const steps = LIVES[session.prng.below(LIVES.length)] ?? [];
    try {
      await session.create(ledger, "first");
      for (const step of steps) await step(session, ledger);
    } catch (error) {
      return noteFailure(session, ledger.stream, error);
    }
  }
}

type Step = (session: Session, ledger: Ledger) => Promise<void>;

async function append(session: Session, ledger: Ledger): Promise<void> {
  const message = session.message("single");
  ledger.send(message);
  await session.handle(ledger).append(encodeMessage(ledger.kind, message));
  ledger.acknowledge(message);
}

async function close(session: Session, ledger: Ledger): Promise<void> {
  ledger.request("closed");
  await session.handle(ledger).close();
  ledger.confirm();
}

async function closeWithMessage(session: Session, ledger: Ledger): Promise<void> {
  const message = session.message("last");
  ledger.request("closed", message);
  await session.handle(ledger).close({ body: encodeMessage(ledger.kind, message) });
  ledger.confirm();
}

/** The close of a producer is sent again until it is answered. */
async function closeAsProducer(session: Session, ledger: Ledger): Promise<void> {
  const before = session.message("producer");
  const message = session.message("producer");
  const producer = new IdempotentProducer(session.handle(ledger), "closer", {
    fetch: session.link.lastingFetch,
    lingerMs: 0,
    onError: (error) => session.wrong.push(`${ledger.stream}: ${error}`),
  });
  ledger.send(before);
  producer.append(encodeMessage(ledger.kind, before));
  await producer.flush();
  ledger.acknowledge(before);
  ledger.request("closed", message);
  await producer.close(encodeMessage(ledger.kind, message));
  ledger.confirm();
}

async function remove(session: Session, ledger: Ledger): Promise<void> {
  ledger.request("missing");
  await session.handle(ledger).delete();
  ledger.confirm();
}

async function createAgain(session: Session, ledger: Ledger): Promise<void> {
  await session.create(ledger, "again");
}

const LIVES: readonly (readonly Step[])[] = [
  [append],
  [append, append, close],
  [append, closeWithMessage],
  [closeAsProducer],
  [append, remove],
  [remove],
  [append, remove, createAgain, append],
  [append, close, remove, createAgain],
];
