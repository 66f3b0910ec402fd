import { IoError, StateError } from "../../src/errors.ts";

/** The error of a use after close. */
export function closedError(path: string): StateError {
  return new StateError("CLOSED", `the file ${path} was closed`, { path });
}

/** The error of a change through a handle that was opened with "read". */
export function readOnlyError(path: string): IoError {
  return new IoError("IO_ACCESS", `the file ${path} was opened for reading`, { path });
}
