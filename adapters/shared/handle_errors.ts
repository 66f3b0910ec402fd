import { IoError, StateError } from "../../src/errors.ts";

/** The error of a use after close. */
export function closedError(path: string): StateError {
  return new StateError("CLOSED", `the file ${path} was closed`, { path });
}

/** The error of a change through a handle that was opened with "read". */
export function readOnlyError(path: string): IoError {
  return new IoError("IO_ACCESS", `the file ${path} was opened for reading`, { path });
}

/** The error of a read that got nothing before the end of the file, from where it got nothing. */
export function endedEarlyError(path: string, offset: number): IoError {
  const message = `cannot read ${path}: the device gives no bytes before the end of the file`;
  return new IoError("IO_FAILED", message, { path, offset });
}

/** The error of a write of which nothing more was taken, from where it was not. */
export function takesNothingError(path: string, offset: number): IoError {
  const message = `cannot write ${path}: the device takes no bytes`;
  return new IoError("IO_FAILED", message, { path, offset });
}
