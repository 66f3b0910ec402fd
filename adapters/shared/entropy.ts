/** The most that the platform's generator fills in one call, in bytes (Web Cryptography API). */
const QUOTA = 65536;

/** Fills `bytes` with unpredictable bytes. */
export function fillRandom(bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; start += QUOTA) {
    crypto.getRandomValues(bytes.subarray(start, start + QUOTA) as Uint8Array<ArrayBuffer>);
  }
}
