/**
 * How streams come to be, inside the transaction of their caller. All checks come first: a refusal
 * has written nothing.
 *
 * @module
 */

import { type AccessClock, deadlineAfter } from "./access_clock.ts";
import { writeChunks } from "./append.ts";
import { DEFAULT_CONTENT_TYPE, sameContentType } from "./content_type.ts";
import { resolveFork } from "./fork.ts";
import { encodeOrigin, type ForkOrigin } from "./fork_origin.ts";
import { bindName } from "./name_index.ts";
import { parseOffset, START } from "./offset.ts";
import { removeStream } from "./removal.ts";
import { encodeConfig, type Lifetime, type StreamConfig } from "./stream_config.ts";
import { describe, findEntry, readOrigin, readState, type StreamEntry } from "./stream_lookup.ts";
import { encodeState, type StreamState } from "./stream_state.ts";
import type { ConfigMismatch, CreateOptions, CreateOutcome } from "./stream_store.ts";
import { numberKey, pairKey } from "./table_keys.ts";
import { type Tables, type TableWriter, takeNumber } from "./tables.ts";

/** A creation, checked for its own sake. */
export interface CreateRequest {
  /** The name. */
  readonly name: string;
  /** The same, as UTF-8. */
  readonly nameBytes: Uint8Array;
  /** Messages not changed until the body has run. */
  readonly options: CreateOptions;
}

/** Creates a stream, finds that it exists, or says why not. */
export function createStream(
  tables: Tables<TableWriter>,
  clock: AccessClock,
  request: CreateRequest,
): CreateOutcome {
  const { name, nameBytes, options } = request;
  const present = findEntry(tables, nameBytes);
  const expired = present !== undefined && !present.state.removed &&
    clock.expired(present.config.number, present.config.lifetime, present.state);
  if (present !== undefined && !expired) return answerPresent(tables, present, request);

  const fork = options.fork === undefined ? undefined : resolveFork(tables, clock, options);
  if (fork !== undefined && "refusal" in fork) {
    return { outcome: "refused", refusal: fork.refusal };
  }
  if (present !== undefined) removeStream(tables, nameBytes, present, false);

  const now = clock.now();
  const number = takeNumber(tables);
  const asked = lifetimeOf(options);
  const lifetime = fork !== undefined && isEternal(asked) ? fork.lifetime : asked;
  const config: StreamConfig = {
    number,
    createdAt: now,
    contentType: options.contentType ?? fork?.contentType ?? DEFAULT_CONTENT_TYPE,
    lifetime,
    indexedDeadline: deadlineAfter(lifetime, now) ?? 0,
  };
  const messages = [...(fork?.copied ?? []), ...(options.messages ?? [])];
  const state: StreamState = {
    tail: writeChunks(tables.data, number, fork?.begin ?? START, messages, now),
    closed: options.closed === true,
    removed: false,
    forked: fork !== undefined,
    references: 0,
    lastAccess: now,
    sequence: undefined,
    closedBy: undefined,
  };
  if (fork !== undefined) {
    const { sourceNumber } = fork.origin;
    // Read again: removing the expired stream may have taken a reference away.
    const source = readState(tables.states, sourceNumber);
    tables.origins.put(numberKey(number), encodeOrigin(fork.origin));
    tables.states.put(
      numberKey(sourceNumber),
      encodeState({ ...source, references: source.references + 1 }),
    );
  }
  tables.states.put(numberKey(number), encodeState(state));
  bindName(tables, nameBytes, encodeConfig(config));
  if (!isEternal(lifetime)) {
    tables.deadlines.put(pairKey(config.indexedDeadline, number), nameBytes);
  }
  return { outcome: "done", created: true, stream: describe(tables, name, { config, state }) };
}

/** The answer for a name that is taken. */
function answerPresent(
  tables: Tables,
  present: StreamEntry,
  { name, options }: CreateRequest,
): CreateOutcome {
  if (present.state.removed) {
    return { outcome: "refused", refusal: { reason: "soft-deleted", which: "target" } };
  }
  const member = difference(tables, present, options);
  if (member !== undefined) {
    return { outcome: "refused", refusal: { reason: "config-mismatch", member } };
  }
  return { outcome: "done", created: false, stream: describe(tables, name, present) };
}

/** What the stream differs in from what is asked for. */
function difference(
  tables: Tables,
  { config, state }: StreamEntry,
  options: CreateOptions,
): ConfigMismatch["member"] | undefined {
  const origin = state.forked ? readOrigin(tables.origins, config.number) : undefined;
  if (!sameFork(origin, options)) return "fork";
  const inheritsType = options.contentType === undefined && origin !== undefined;
  const contentType = options.contentType ?? DEFAULT_CONTENT_TYPE;
  if (!inheritsType && !sameContentType(contentType, config.contentType)) return "contentType";
  const asked = lifetimeOf(options);
  if (!(isEternal(asked) && origin?.inheritedLifetime === true)) {
    if (asked.ttlSeconds !== config.lifetime.ttlSeconds) return "ttlSeconds";
    if (asked.expiresAt !== config.lifetime.expiresAt) return "expiresAt";
  }
  return (options.closed === true) === state.closed ? undefined : "closed";
}

function sameFork(origin: ForkOrigin | undefined, { fork }: CreateOptions): boolean {
  if (origin === undefined || fork === undefined) return origin === fork;
  if (origin.sourceName !== fork.source || origin.subOffset !== (fork.subOffset ?? 0)) return false;
  if (fork.offset === undefined) return origin.offset === undefined;
  const offset = parseOffset(fork.offset);
  return origin.offset?.message === offset?.message && origin.offset?.byte === offset?.byte;
}

/** The lifetime asked for; a time before 1970 is 1970. */
function lifetimeOf({ ttlSeconds, expiresAt }: CreateOptions): Lifetime {
  return {
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(expiresAt === undefined ? {} : { expiresAt: Math.max(0, expiresAt) }),
  };
}

function isEternal(lifetime: Lifetime): boolean {
  return lifetime.ttlSeconds === undefined && lifetime.expiresAt === undefined;
}
