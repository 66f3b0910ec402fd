/**
 * The portable code of each name that operating systems give to errors, the same in every adapter.
 *
 * @module
 */

import type { ErrorCode } from "../../src/errors.ts";

/** The names that have a code of their own; every other one is `IO_FAILED`. */
export const CODE_OF_ERRNO: ReadonlyMap<string, ErrorCode> = new Map(Object.entries(
  {
    ENOSPC: "NO_SPACE",
    EDQUOT: "NO_SPACE",
    EACCES: "IO_ACCESS",
    EPERM: "IO_ACCESS",
    EROFS: "IO_ACCESS",
    EISDIR: "IO_ACCESS",
    ENOENT: "IO_NOT_FOUND",
    ENOTDIR: "IO_NOT_FOUND",
    EEXIST: "IO_EXISTS",
    EMFILE: "IO_TOO_MANY_FILES",
    ENFILE: "IO_TOO_MANY_FILES",
  } satisfies Record<string, ErrorCode>,
));
