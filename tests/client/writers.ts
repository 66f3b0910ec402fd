/**
 * Clients that append until the server dies or they are told to stop.
 *
 * @module
 */

import { IdempotentProducer, StaleEpochError } from "@durable-streams/client";
import type { Ledger } from "./ledger.ts";
import type { Message } from "./message.ts";
import { encodeMessage } from "./message.ts";
import type { Session } from "./session.ts";
import { noteFailure } from "./session.ts";

/** How many appends are made at a time where the client batches. */
const BURST = 12;

/** Small, so that a burst becomes several batches in flight. */
const BATCH_BYTES = 400;

/** One append after another, each sent once. Ends when the server dies. */
export async function writePlainly(
  session: Session,
  ledger: Ledger,
  writer: string,
  signal: AbortSignal,
): Promise<void> {
  const handle = session.handle(ledger);
  while (!signal.aborted) {
    const message = session.message(writer);
    ledger.send(message);
    try {
      await handle.append(encodeMessage(ledger.kind, message));
    } catch (error) {
      return noteFailure(session, `${ledger.stream}: append ${message.number}`, error);
    }
    ledger.acknowledge(message);
  }
}

/** Bursts of appends that the client joins into requests. Ends when the server dies. */
export async function writeBatches(
  session: Session,
  ledger: Ledger,
  writer: string,
  signal: AbortSignal,
): Promise<void> {
  const handle = session.handle(ledger, { batching: true });
  let failed = false;
  const append = async (message: Message): Promise<void> => {
    ledger.send(message);
    try {
      await handle.append(encodeMessage(ledger.kind, message));
      ledger.acknowledge(message);
    } catch (error) {
      failed = true;
      noteFailure(session, `${ledger.stream}: append ${message.number}`, error);
    }
  };
  while (!signal.aborted && !failed) {
    const burst = Array.from({ length: BURST }, () => session.message(writer));
    await Promise.all(burst.map(append));
  }
}

/** An idempotent producer that outlives servers: all it takes arrives once and in order. */
export class LastingProducer {
  readonly #session: Session;
  readonly #ledger: Ledger;
  readonly #writer: string;
  readonly #producer: IdempotentProducer;

  constructor(session: Session, ledger: Ledger, writer: string) {
    this.#session = session;
    this.#ledger = ledger;
    this.#writer = writer;
    this.#producer = new IdempotentProducer(session.handle(ledger), writer, {
      fetch: session.link.lastingFetch,
      lingerMs: 0,
      maxBatchBytes: BATCH_BYTES,
      onError: (error) => session.wrong.push(`${ledger.stream}: ${writer}: ${error}`),
    });
  }

  /** Appends until told to stop, through the death of a server; ends with all acknowledged. */
  async write(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const burst = Array.from({ length: BURST }, () => this.#session.message(this.#writer));
      for (const message of burst) {
        this.#ledger.send(message);
        this.#producer.append(encodeMessage(this.#ledger.kind, message));
      }
      const faults = this.#session.wrong.length;
      await this.#producer.flush();
      if (this.#session.wrong.length > faults) return;
      for (const message of burst) this.#ledger.acknowledge(message);
    }
  }
}

/**
 * A producer of a process that dies together with the server: each life begins at epoch 0 and claims
 * the next epoch, and what the former life still sends is refused.
 */
export class ClaimingProducer {
  readonly #session: Session;
  readonly #ledger: Ledger;
  readonly #writer: string;
  #epoch: number | undefined;

  constructor(session: Session, ledger: Ledger, writer: string) {
    this.#session = session;
    this.#ledger = ledger;
    this.#writer = writer;
  }

  /** One life: appends until the server dies. */
  async live(signal: AbortSignal): Promise<void> {
    const { link } = this.#session;
    const former = this.#epoch;
    const death = new AbortController();
    let failure: Error | undefined;
    const producer = new IdempotentProducer(this.#session.handle(this.#ledger), this.#writer, {
      // The first life leaves epoch 0 free: an equal epoch would pass for a repetition.
      epoch: former === undefined ? 1 : 0,
      autoClaim: true,
      fetch: link.fetch,
      signal: death.signal,
      lingerMs: 0,
      maxBatchBytes: BATCH_BYTES,
      onError: (error) => {
        failure ??= error;
        death.abort();
      },
    });
    while (!signal.aborted) {
      const burst = Array.from({ length: BURST }, () => this.#session.message(this.#writer));
      for (const message of burst) {
        this.#ledger.send(message);
        producer.append(encodeMessage(this.#ledger.kind, message));
      }
      await producer.flush();
      if (failure !== undefined) {
        return noteFailure(this.#session, `${this.#ledger.stream}: ${this.#writer}`, failure);
      }
      for (const message of burst) this.#ledger.acknowledge(message);
      if (this.#epoch === former) await this.#claimed(producer.epoch, former);
    }
  }

  async #claimed(epoch: number, former: number | undefined): Promise<void> {
    this.#epoch = epoch;
    if (former === undefined) return;
    const { stream } = this.#ledger;
    if (epoch <= former) this.#session.wrong.push(`${stream}: epoch ${epoch} after ${former}`);
    const message = this.#session.message("zombie");
    this.#ledger.send(message);
    this.#ledger.refuse(message);
    let failure: Error | undefined;
    const zombie = new IdempotentProducer(this.#session.handle(this.#ledger), this.#writer, {
      epoch: former,
      fetch: this.#session.link.fetch,
      onError: (error) => {
        failure = error;
      },
    });
    zombie.append(encodeMessage(this.#ledger.kind, message));
    await zombie.flush();
    if (failure instanceof StaleEpochError) return;
    noteFailure(this.#session, `${stream}: a former producer is not refused`, failure);
  }
}
