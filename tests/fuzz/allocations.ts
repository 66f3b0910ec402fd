/**
 * Counts the bytes of the buffers and arrays that a piece of code makes: by length, as numbers that it
 * read from its input would ask for them.
 */

const NAMES = [
  "ArrayBuffer",
  "Uint8Array",
  "Uint16Array",
  "Uint32Array",
  "Int32Array",
  "Float64Array",
  "BigUint64Array",
] as const;

/** What was allocated, and what the code threw. */
export type Allocated = { readonly bytes: number } | {
  readonly bytes: number;
  readonly error: unknown;
};

type Constructor = new (...args: unknown[]) => object;

/** Runs code and counts. Nothing else may run meanwhile. */
export async function allocatedBy(code: () => void | Promise<void>): Promise<Allocated> {
  const globals = globalThis as unknown as Record<string, Constructor>;
  let bytes = 0;
  for (const name of NAMES) {
    const original = globals[name]!;
    const width = (original as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
    const counting: Constructor = new Proxy(original, {
      construct(target, args, asked): object {
        if (typeof args[0] === "number") bytes += args[0] * width;
        // What nobody could mean is not even tried.
        if (bytes > 2 ** 32) throw new RangeError(`${bytes} bytes are asked for`);
        return Reflect.construct(target, args, asked === counting ? target : asked);
      },
    });
    globals[name] = counting;
    originals.set(name, original);
  }
  try {
    await code();
    return { bytes };
  } catch (error) {
    return { bytes, error };
  } finally {
    for (const name of NAMES) globals[name] = originals.get(name)!;
  }
}

const originals = new Map<string, Constructor>();
