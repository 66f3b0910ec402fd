/**
 * Moving all the bytes of a buffer with calls that may each move fewer.
 *
 * @module
 */

/**
 * Calls `some` with what is done until all `length` bytes are moved. A call that moves nothing ends
 * it: that is the end of a file that is read, and a device that takes no bytes of one that is written.
 * @returns how many bytes were moved.
 */
export function transfer(length: number, some: (done: number) => number): number {
  let done = 0;
  while (done < length) {
    const count = some(done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
