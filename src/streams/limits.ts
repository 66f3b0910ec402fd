/**
 * The limits of the embedded stream store, each with its arithmetic. README lists them.
 *
 * @module
 */

/** Longest stream name, in bytes of UTF-8. */
export const NAME_BYTES_MAX = 1024;

/**
 * Longest name kept as one key; the rest of a longer one has a key of its own. A key of the kernel
 * holds 960 bytes, less one that marks the first part of longer names.
 */
export const DIRECT_NAME_BYTES_MAX = 900;

/** Longest content type, in bytes of UTF-8: it is read with each append. */
export const CONTENT_TYPE_BYTES_MAX = 256;

/** Longest producer id, in bytes of UTF-8: with the 8-byte stream number it must fit a key. */
export const PRODUCER_ID_BYTES_MAX = 512;

/** Longest `streamSeq`, in bytes of UTF-8: it is written again with each append. */
export const STREAM_SEQ_BYTES_MAX = 512;

/** Longest message (64 MiB), in bytes: it is read in one piece. */
export const MESSAGE_BYTES_MAX: number = 64 * 1024 * 1024;

/** Most bytes of all messages of one append (64 MiB). */
export const APPEND_BYTES_MAX: number = 64 * 1024 * 1024;

/** Most messages of one append: a body of 64 MiB in elements of 64 bytes. */
export const APPEND_MESSAGES_MAX: number = 1024 * 1024;

/**
 * A chunk is full when it holds this many bytes of messages (32 KiB): small enough that finding a
 * message in its middle costs microseconds, large enough that its header and key cost nothing.
 */
export const CHUNK_BYTES: number = 32 * 1024;

/** Most parts of other streams that a fork is made of: the depth of a chain of forks that all wrote. */
export const FORK_RANGES_MAX = 64;

/** Default of `maxBytes` of a page (1 MiB). */
export const PAGE_BYTES_DEFAULT: number = 1024 * 1024;

/** Default of `maxMessages` of a page. */
export const PAGE_MESSAGES_DEFAULT = 10_000;

/** Default of `limit` of a list. */
export const LIST_LIMIT_DEFAULT = 1000;

/** Most deadlines looked at in one step of a sweep: about 10 tree operations each, under 5 ms. */
export const SWEEP_DEADLINES_MAX = 128;

/** Most entries of deleted streams freed in one step of a sweep: under 5 ms. */
export const SWEEP_ENTRIES_MAX = 512;

/** Most renewals persisted in one step of a sweep. */
export const SWEEP_TOUCHES_MAX = 512;

/** A renewal is persisted when it is this old, in milliseconds: a stream read all the time costs one write a minute. */
export const TOUCH_PERSIST_MS = 60_000;

/** Most renewals held in memory (about 8 MiB); beyond it all are rounded up to the latest. */
export const TOUCHES_MAX = 65_536;
