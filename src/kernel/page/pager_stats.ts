/**
 * Counters of the page cache.
 *
 * @module
 */

/** Counters for `stats()`. */
export interface PagerStats {
  /** Page look-ups that a frame served. */
  cacheHits: number;
  /** Pages read from the file: look-ups that no frame served, and checks. */
  pagesRead: number;
  /** Pages written. */
  pagesWritten: number;
}
