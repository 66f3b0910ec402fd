/**
 * What is checked of arguments before anything is looked up: mistakes throw, sizes are refused.
 *
 * @module
 */

import {
  APPEND_BYTES_MAX,
  APPEND_MESSAGES_MAX,
  CONTENT_TYPE_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  NAME_BYTES_MAX,
  PRODUCER_ID_BYTES_MAX,
  STREAM_SEQ_BYTES_MAX,
} from "./limits.ts";
import type {
  AppendOptions,
  CreateOptions,
  LimitExceeded,
  ProducerRequest,
} from "./stream_store.ts";
import { encodeText } from "./text.ts";

/**
 * The UTF-8 of a stream name.
 * @throws {TypeError} not a string, or with a lone surrogate
 * @throws {RangeError} empty
 */
export function nameBytes(name: string): Uint8Array {
  const bytes = encodeText(name, "a stream name");
  if (bytes.length === 0) throw new RangeError("a stream name must not be empty");
  return bytes;
}

/** Refuses a name that is too long. */
export function checkName(bytes: Uint8Array): LimitExceeded | undefined {
  return over("name-bytes", bytes.length, NAME_BYTES_MAX);
}

/** Checks messages. */
export function checkMessages(messages: readonly Uint8Array[]): LimitExceeded | undefined {
  let total = 0;
  for (const message of messages) {
    if (!(message instanceof Uint8Array)) throw new TypeError("a message must be a Uint8Array");
    const refusal = over("message-bytes", message.length, MESSAGE_BYTES_MAX);
    if (refusal !== undefined) return refusal;
    total += message.length;
  }
  return over("append-bytes", total, APPEND_BYTES_MAX) ??
    over("append-messages", messages.length, APPEND_MESSAGES_MAX);
}

/** Checks the options of an append. */
export function checkAppend(
  messages: readonly Uint8Array[],
  options: AppendOptions,
): LimitExceeded | undefined {
  if (messages.length === 0 && options.close !== true) {
    throw new TypeError("an append needs a message, unless it closes the stream");
  }
  return checkMessages(messages) ??
    (options.producer === undefined ? undefined : checkProducer(options.producer)) ??
    (options.streamSeq === undefined ? undefined : over(
      "stream-seq-bytes",
      encodeText(options.streamSeq, "streamSeq").length,
      STREAM_SEQ_BYTES_MAX,
    ));
}

/** Checks the options of a creation. */
export function checkCreate(options: CreateOptions): LimitExceeded | undefined {
  const { contentType, ttlSeconds, expiresAt, fork } = options;
  if (ttlSeconds !== undefined && expiresAt !== undefined) {
    throw new TypeError("a stream has either ttlSeconds or expiresAt");
  }
  if (ttlSeconds !== undefined) checkCount(ttlSeconds, "ttlSeconds");
  if (expiresAt !== undefined && !Number.isSafeInteger(expiresAt)) {
    throw new RangeError("expiresAt must be an integer");
  }
  if (fork !== undefined) {
    nameBytes(fork.source);
    checkCount(fork.subOffset ?? 0, "subOffset");
    if ((fork.subOffset ?? 0) > 0 && fork.offset === undefined) {
      throw new TypeError("a fork's subOffset needs an offset");
    }
  }
  return checkMessages(options.messages ?? []) ?? (contentType === undefined ? undefined : over(
    "content-type-bytes",
    encodeText(contentType, "contentType").length,
    CONTENT_TYPE_BYTES_MAX,
  ));
}

/** Checks a number that counts: an integer from `min` to 2^53 - 1. */
export function checkCount(value: number, what: string, min: number = 0): void {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new RangeError(`${what} must be an integer from ${min} to 2^53 - 1`);
  }
}

function checkProducer(producer: ProducerRequest): LimitExceeded | undefined {
  const id = encodeText(producer.id, "a producer id");
  if (id.length === 0) throw new RangeError("a producer id must not be empty");
  checkCount(producer.epoch, "a producer's epoch");
  checkCount(producer.seq, "a producer's seq");
  return over("producer-id-bytes", id.length, PRODUCER_ID_BYTES_MAX);
}

function over(
  limit: LimitExceeded["limit"],
  size: number,
  max: number,
): LimitExceeded | undefined {
  return size > max ? { reason: "limit", limit, max } : undefined;
}
