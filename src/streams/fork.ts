/**
 * Where a fork begins, and what it takes from its source.
 *
 * A fork shares the messages before its beginning: no copy is made, but for the part of a message
 * that a sub-offset in bytes cuts, which becomes the fork's own first message.
 *
 * @module
 */

import type { AccessClock } from "./access_clock.ts";
import { isJson, sameContentType } from "./content_type.ts";
import { cutRanges, type ForkOrigin, type SourceRange } from "./fork_origin.ts";
import { FORK_RANGES_MAX } from "./limits.ts";
import { positionOf, rangesOf, scanMessages } from "./message_scan.ts";
import { formatOffset, parseOffset, type Position } from "./offset.ts";
import type { Lifetime } from "./stream_config.ts";
import { lookUp, type StreamEntry } from "./stream_lookup.ts";
import type { CreateOptions, ForkOptions, Refusal } from "./stream_store.ts";
import type { TableReader, Tables } from "./tables.ts";
import { encodeText } from "./text.ts";

/** A fork that can be made. */
export interface ResolvedFork {
  /** To be stored with the fork. */
  readonly origin: ForkOrigin;
  /** Where the fork's own messages begin. */
  readonly begin: Position;
  /** Its own first message: the beginning of one that the sub-offset cuts. */
  readonly copied: readonly Uint8Array[];
  /** The content type of the source. */
  readonly contentType: string;
  /** The lifetime of the source. */
  readonly lifetime: Lifetime;
}

/** A place in the source. */
interface Beginning {
  readonly begin: Position;
  readonly copied: readonly Uint8Array[];
}

/** Finds where the fork of `options` begins, or says why it cannot. */
export function resolveFork(
  tables: Tables,
  clock: AccessClock,
  options: CreateOptions,
): ResolvedFork | { refusal: Refusal } {
  const fork = options.fork!;
  const found = lookUp(tables, clock, encodeText(fork.source, "source name"));
  if (!("entry" in found)) {
    return found.refusal.reason === "gone"
      ? { refusal: { reason: "soft-deleted", which: "source" } }
      : { refusal: { reason: "fork-source-not-found" } };
  }
  const { config, state } = found.entry;
  const { contentType, lifetime } = config;
  if (options.contentType !== undefined && !sameContentType(options.contentType, contentType)) {
    return { refusal: { reason: "content-type-mismatch", contentType } };
  }
  const stored = rangesOf(tables, config.number, state);
  const beginning = resolveBeginning(tables.data, found.entry, stored, fork);
  if ("refusal" in beginning) return beginning;
  const ranges = cutRanges(stored, beginning.begin.message);
  if (ranges.length > FORK_RANGES_MAX) {
    return { refusal: { reason: "limit", limit: "fork-ranges", max: FORK_RANGES_MAX } };
  }
  return {
    ...beginning,
    origin: {
      sourceNumber: config.number,
      sourceName: fork.source,
      offset: fork.offset === undefined ? undefined : parseOffset(fork.offset),
      subOffset: fork.subOffset ?? 0,
      inheritedLifetime: options.ttlSeconds === undefined && options.expiresAt === undefined,
      ranges,
    },
    contentType,
    lifetime,
  };
}

function resolveBeginning(
  data: TableReader,
  { config, state }: StreamEntry,
  ranges: readonly SourceRange[],
  fork: ForkOptions,
): Beginning | { refusal: Refusal } {
  const { tail } = state;
  if (fork.offset === undefined) return { begin: tail, copied: [] };
  const anchor = parseOffset(fork.offset);
  if (anchor === undefined) return { refusal: { reason: "bad-offset" } };
  if (anchor.message > tail.message || anchor.byte > tail.byte) {
    return { refusal: { reason: "offset-beyond-tail", nextOffset: formatOffset(tail) } };
  }
  if (positionOf(data, ranges, tail, anchor.message).byte !== anchor.byte) {
    return { refusal: { reason: "bad-offset" } };
  }
  const past = fork.subOffset ?? 0;
  if (past === 0) return { begin: anchor, copied: [] };
  if (isJson(config.contentType)) {
    const max = tail.message - anchor.message;
    if (past > max) return { refusal: { reason: "fork-sub-offset", max } };
    return { begin: positionOf(data, ranges, tail, anchor.message + past), copied: [] };
  }
  const page = scanMessages(data, ranges, tail, anchor, { maxBytes: 0, maxMessages: 1 });
  const message = page?.messages[0];
  const max = message?.length ?? 0;
  if (message === undefined || past > max) return { refusal: { reason: "fork-sub-offset", max } };
  if (past === max) {
    return { begin: { message: anchor.message + 1, byte: anchor.byte + max }, copied: [] };
  }
  return { begin: anchor, copied: [message.slice(0, past)] };
}
