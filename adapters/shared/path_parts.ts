import { checkPath } from "./argument.ts";

/** The names along a path: no empty ones, no ".", and ".." resolved, which ends at the root. */
export function pathParts(path: string): string[] {
  checkPath(path);
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}
