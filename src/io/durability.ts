/**
 * Where data is when a promise resolves.
 *
 * @module
 */

/** Where the data is when a change resolves: visible; with the system; on the medium. */
export type Durability = "memory" | "os" | "disk";

/** Throws a `TypeError` for anything but a durability. */
export function checkDurability(durability: Durability): void {
  if (durability !== "disk" && durability !== "os" && durability !== "memory") {
    throw new TypeError('The option durability is "disk", "os" or "memory"');
  }
}
