/**
 * The limits of the kernel, each with its arithmetic. README lists them.
 *
 * @module
 */

/** Bytes of a page: the unit of the tree, of checksums and of free space. */
export const PAGE_BYTES = 4096;

/** log2 of {@linkcode PAGE_BYTES}, stored in the superblock. */
export const PAGE_SHIFT = 12;

/** Slots of the superblock, one page each, at the begin of the file. */
export const SUPERBLOCK_SLOTS = 3;

/**
 * Longest cell (key, inline value and their length field) of a page, in bytes. Four cells and
 * their 8-byte slots must fit behind the 32-byte header: (4096 - 32) / 4 - 8 = 1008. A tree whose
 * pages hold at least four cells always splits into two legal pages.
 */
export const CELL_BYTES_MAX = 1008;

/**
 * Longest key in bytes: a cell holds the key, its 2-byte value length and at least a 16-byte
 * overflow reference: 1008 - 2 - 16 = 990, rounded down.
 */
export const KEY_BYTES_MAX = 960;

/** Longest value in bytes: 1 GiB, the largest run that is still read into one buffer. */
export const VALUE_BYTES_MAX: number = 1024 * 1024 * 1024;

/**
 * Values longer than this (16 KiB) go to their own pages at once and are only named in the log: they
 * are written once, and not copied into a batch.
 */
export const LOGGED_VALUE_BYTES_MAX: number = 16 * 1024;

/** Longest structure name in bytes of UTF-8. */
export const NAME_BYTES_MAX = 512;

/**
 * Longest entry of the catalog, in bytes: what a structure is, kind and codecs. The log has it as it
 * is: who follows the catalog (watches, transactions in doubt) looks for no value in other pages.
 */
export const DEFINITION_BYTES_MAX: number = LOGGED_VALUE_BYTES_MAX;

/** Most bytes of the log records of one transaction (1 GiB); large values are not part of it. */
export const TRANSACTION_BYTES_MAX: number = 1024 * 1024 * 1024;

/** Longest transaction id in bytes: what the coordinators of distributed transactions use. */
export const TRANSACTION_ID_BYTES_MAX = 512;

/**
 * Most log record bytes of a transaction that is prepared: its record with a version byte is one
 * value, and with the removal of its id (at most 6 bytes and the id) one transaction.
 */
export const PREPARED_BYTES_MAX: number = Math.min(VALUE_BYTES_MAX, TRANSACTION_BYTES_MAX) - 1024;

/** Default budget of the page cache. Memory is taken as pages are used, not at once. */
export const CACHE_BYTES_DEFAULT: number = 128 * 1024 * 1024;

/** Smallest page cache: 256 pages cover the path and the splits of one operation many times. */
export const CACHE_BYTES_MIN: number = 256 * PAGE_BYTES;

/** Default size to which a log extent grows; a full extent starts a checkpoint. */
export const LOG_BYTES_DEFAULT: number = 16 * 1024 * 1024;

/** Size of the log extents of a new database; they double with every full extent. */
export const LOG_BYTES_MIN: number = 256 * 1024;

/** Least growth of the file: 64 KiB, written, so that a full disk is found before a commit. */
export const GROWTH_PAGES_MIN = 16;

/** Most growth of the file at once: 1 MiB, about 1 ms of writing and of the sync behind it. */
export const GROWTH_PAGES_MAX = 256;

/** Highest page number: page numbers are 32 bits, 16 TiB of 4 KiB pages. */
export const PAGE_COUNT_MAX = 0xffffffff;

/**
 * How long one step of a checkpoint may keep the thread, in milliseconds. PERF: with 3 the timers of a
 * stream server beside 16 writers of 4 KiB are late by 3.3 ms (p99), with 1.5 by 1.5 to 3.3, and a load
 * takes as long (Node, 2026-11-22).
 */
export const CHECKPOINT_STEP_MS = 1.5;

/**
 * How much a checkpoint writes before it has the disk begin with it (8 MiB): a commit beside it waits
 * for twice that of its pages at most. PERF: p99 of commits of 100 puts 8 to 10 ms, with 4 MiB 7 ms,
 * but a load takes 1.05 times as long; a sync took up to 60 without a bound (Node, 2026-11-22).
 */
export const CHECKPOINT_BACKLOG_BYTES: number = 8 * 1024 * 1024;

/** Above this average the sync goes off the thread: below it the detour costs more (measured). */
export const ASYNC_SYNC_MS = 1;

/**
 * With more than this written since the last sync (1 MiB), the next one goes off the thread, too: it
 * takes a millisecond or more.
 */
export const ASYNC_SYNC_BYTES: number = 1024 * 1024;

/** How long one step of freeing a dropped structure may keep the thread, in milliseconds. */
export const TRIM_STEP_MS = 3;

/** Most leaves that one such step frees: a quarter of a millisecond while reads are fast. */
export const TRIM_STEP_LEAVES = 16;
