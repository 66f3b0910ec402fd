/**
 * The outside list: what was sent to a stream, what was acknowledged, and whether what is read back
 * agrees with it.
 *
 * @module
 */

import type { Kind, Message } from "./message.ts";

/** What a stream may be, as its users see it. */
export type StreamState = "missing" | "open" | "closed";

/** What was read back. */
export interface Observation {
  readonly state: StreamState;
  readonly messages: readonly Message[];
}

/** A change of state that was asked for and not answered yet. */
interface Change {
  readonly to: StreamState;
  /** The number of the message that comes with it, in the same request. */
  readonly number: number | undefined;
}

/** `sent`: may be there. `acknowledged`: must be. `absent`: must not, now and for ever. */
type Fate = "sent" | "acknowledged" | "absent";

/** The outside list of one stream. */
export class Ledger {
  readonly stream: string;
  readonly kind: Kind;
  /** Unanswered messages that turned out to be there, and not to be. */
  readonly unknown: { present: number; absent: number } = { present: 0, absent: 0 };
  #state: StreamState = "missing";
  #change: Change | undefined;
  #fates = new Map<number, { readonly writer: string; fate: Fate }>();
  #order: number[] = [];

  constructor(stream: string, kind: Kind) {
    this.stream = stream;
    this.kind = kind;
  }

  /** What is known of its state. */
  get state(): StreamState {
    return this.#state;
  }

  /** A message goes out. */
  send({ writer, number }: Message): void {
    this.#fates.set(number, { writer, fate: "sent" });
  }

  /** A message was answered with success. */
  acknowledge({ number }: Message): void {
    this.#decide(number, "acknowledged");
  }

  /** A message was refused. */
  refuse({ number }: Message): void {
    this.#decide(number, "absent");
  }

  /** A change of state goes out, with a message or without. */
  request(to: StreamState, message?: Message): void {
    if (message !== undefined) this.send(message);
    this.#change = { to, number: message?.number };
  }

  /** The change was answered with success. */
  confirm(): void {
    const change = this.#change;
    if (change === undefined) throw new Error(`nothing was asked of ${this.stream}`);
    this.#change = undefined;
    this.#enter(change.to);
    if (change.number !== undefined) this.#decide(change.number, "acknowledged");
  }

  /**
   * What is wrong with `seen`. Afterwards the unknown is known: what is there must stay, what is
   * not must never appear.
   */
  settle(seen: Observation): string[] {
    const wrong = [...this.#settleState(seen), ...this.#settleMessages(seen.messages)];
    return wrong.slice(0, 10).map((text) => `${this.stream}: ${text}`);
  }

  #settleState({ state, messages }: Observation): string[] {
    const change = this.#change;
    this.#change = undefined;
    if (change === undefined) {
      return state === this.#state ? [] : [`is ${state} and was ${this.#state}`];
    }
    if (state !== this.#state && state !== change.to) {
      return [`is ${state}; it was ${this.#state} and was to be ${change.to}`];
    }
    const happened = state === change.to;
    if (happened) this.#enter(state);
    const { number } = change;
    if (number === undefined || messages.some((m) => m.number === number) === happened) return [];
    return [`is ${state}, and half of the request with message ${number} happened`];
  }

  #settleMessages(messages: readonly Message[]): string[] {
    const wrong: string[] = [];
    const seen = new Set<number>();
    const last = new Map<string, number>();
    for (const { writer, number } of messages) {
      const entry = this.#fates.get(number);
      if (seen.has(number)) wrong.push(`message ${number} is there twice`);
      else if (entry?.writer !== writer) wrong.push(`nobody sent message ${number} of ${writer}`);
      else if (entry.fate === "absent") wrong.push(`message ${number} must not be there`);
      if ((last.get(writer) ?? -1) >= number) wrong.push(`message ${number} is out of order`);
      seen.add(number);
      last.set(writer, number);
    }
    for (const [number, entry] of this.#fates) {
      const isThere = seen.has(number);
      if (entry.fate === "acknowledged" && !isThere) wrong.push(`message ${number} is lost`);
      if (entry.fate === "sent") this.unknown[isThere ? "present" : "absent"]++;
      if (entry.fate === "sent") entry.fate = isThere ? "acknowledged" : "absent";
    }
    const order = messages.map(({ number }) => number);
    const turned = this.#order.findIndex((number, at) => order[at] !== number);
    if (turned >= 0) wrong.push(`position ${turned} held ${this.#order[turned]} before`);
    this.#order = order;
    return wrong;
  }

  #decide(number: number, fate: Fate): void {
    const entry = this.#fates.get(number);
    if (entry === undefined) throw new Error(`message ${number} was never sent`);
    entry.fate = fate;
  }

  /** A stream that goes away takes its messages along: a later one of its name has none of them. */
  #enter(state: StreamState): void {
    this.#state = state;
    if (state !== "missing") return;
    for (const entry of this.#fates.values()) entry.fate = "absent";
    this.#order = [];
  }
}
