/**
 * Paths of a simulated disk.
 *
 * @module
 */

/** A path in one spelling, taken apart. */
export interface SplitPath {
  /** The folder, with a trailing slash unless empty. */
  readonly directory: string;
  /** The last part. */
  readonly name: string;
  /** Both together. */
  readonly path: string;
}

/** Takes a path apart, without ".", ".." and doubled slashes. There are no symbolic links. */
export function splitPath(path: string): SplitPath {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const name = parts.pop() ?? "";
  const directory = (path.startsWith("/") ? "/" : "") + parts.map((part) => `${part}/`).join("");
  return { directory, name, path: directory + name };
}
