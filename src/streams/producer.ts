/**
 * Idempotent producers: what is known of one, and what a request of it means. Pure functions. The
 * record of a producer lies in a tree of its own under (stream number, producer id), so that an
 * append touches one of them, however many a stream has:
 *
 *     bytes    field
 *     1        format: 1
 *     varint   newest epoch
 *     varint   highest sequence number accepted in it
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { ProducerRequest, Refusal } from "./stream_store.ts";
import { checkFormat } from "./text.ts";

const FORMAT = 1;

/** What is known of a producer. */
export interface ProducerState {
  /** Newest epoch. */
  readonly epoch: number;
  /** Highest sequence number accepted in it. */
  readonly seq: number;
}

/** Encodes the state of a producer. */
export function encodeProducer(state: ProducerState): Uint8Array {
  const writer = new ByteWriter(17);
  writer.u8(FORMAT);
  writer.varint(state.epoch);
  writer.varint(state.seq);
  return writer.bytes.subarray(0, writer.length);
}

/**
 * Reads the state of a producer.
 * @throws {CorruptionError} `CORRUPT_VALUE` if it has no valid form.
 */
export function decodeProducer(value: Uint8Array): ProducerState {
  const reader = new ByteReader(value);
  checkFormat(reader.u8() === FORMAT, "producer");
  const state = { epoch: reader.varint(), seq: reader.varint() };
  checkFormat(reader.remaining === 0, "producer");
  return state;
}

/** Whether to accept a request of a producer, answer it as a repeat, or refuse it. */
export function judgeProducer(
  state: ProducerState | undefined,
  request: ProducerRequest,
): "accept" | "duplicate" | Refusal {
  const { epoch, seq } = request;
  if (state === undefined) {
    return seq === 0 ? "accept" : { reason: "producer-gap", expected: 0, received: seq };
  }
  if (epoch < state.epoch) return { reason: "producer-fenced", epoch: state.epoch };
  if (epoch > state.epoch) {
    return seq === 0 ? "accept" : { reason: "producer-epoch-seq", epoch: state.epoch };
  }
  if (seq <= state.seq) return "duplicate";
  if (seq === state.seq + 1) return "accept";
  return { reason: "producer-gap", expected: state.seq + 1, received: seq };
}
