/**
 * All folders and files of a simulated disk.
 *
 * @module
 */

import type { OutcomeSource } from "./sector_write.ts";
import { SectorHistory } from "./sector_history.ts";
import { PagedBytes } from "./simulated_bytes.ts";
import { SimulatedDirectory } from "./simulated_directory.ts";
import { Inode } from "./simulated_inode.ts";
import { splitPath } from "./simulated_path.ts";
import type { CrashDecision } from "./simulated_policy.ts";
import type { ProfileRules } from "./simulated_profile.ts";

/** The folders by path, each with its files. Every folder exists. */
export class SimulatedVolume {
  readonly #rules: ProfileRules;
  readonly #directories = new Map<string, SimulatedDirectory>();
  #inodes = 0;

  /** A volume without files. */
  constructor(rules: ProfileRules) {
    this.#rules = rules;
  }

  /** Bytes that the files take. */
  get allocated(): number {
    let sum = 0;
    for (const directory of this.#directories.values()) {
      for (const inode of directory.names.values()) sum += inode.memory.allocated;
    }
    return sum;
  }

  /** The folder of a path with a trailing slash. */
  directory(path: string): SimulatedDirectory {
    let directory = this.#directories.get(path);
    if (directory === undefined) {
      directory = new SimulatedDirectory();
      this.#directories.set(path, directory);
    }
    return directory;
  }

  /** The file of a path, as programs see it. */
  find(path: string): Inode | undefined {
    const at = splitPath(path);
    return this.#directories.get(at.directory)?.names.get(at.name);
  }

  /** A new empty file for a folder. */
  newFile(directory: SimulatedDirectory): Inode {
    const { keepsHistory, sectorBytes } = this.#rules;
    const history = keepsHistory ? new SectorHistory(sectorBytes, directory.freed) : undefined;
    return new Inode(this.#inodes++, new PagedBytes(), history);
  }

  /** Everything pending, in the order in which `crash` asks. */
  decisions(): CrashDecision[] {
    const decisions: CrashDecision[] = [];
    for (const [path, directory] of this.#directories) directory.addDecisions(decisions, path);
    for (const [inode, path] of this.#reachable()) {
      inode.addDecisions(decisions, this.#rules.sectorBytes, path);
    }
    return decisions;
  }

  /** What a power cut leaves. */
  crash(source: OutcomeSource): SimulatedVolume {
    const image = new SimulatedVolume(this.#rules);
    image.#inodes = this.#inodes;
    const names = new Map<SimulatedDirectory, Map<string, Inode>>();
    for (const directory of this.#directories.values()) {
      names.set(directory, directory.crash(source));
    }
    const contents = new Map<Inode, Inode>();
    for (const inode of this.#reachable().keys()) {
      contents.set(inode, inode.crash(this.#rules.sectorBytes, source));
    }
    for (const [path, directory] of this.#directories) {
      const kept = new Map<string, Inode>();
      for (const [name, inode] of names.get(directory) ?? []) {
        kept.set(name, contents.get(inode) ?? inode);
      }
      const after = new SimulatedDirectory(kept);
      after.freed = directory.freed;
      image.#directories.set(path, after);
    }
    return image;
  }

  /** The same volume, with the same pending changes, independent from now on. */
  clone(): SimulatedVolume {
    const copy = new SimulatedVolume(this.#rules);
    copy.#inodes = this.#inodes;
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const known = copies.get(inode) ?? inode.clone();
      copies.set(inode, known);
      return known;
    };
    for (const [path, directory] of this.#directories) {
      copy.#directories.set(path, directory.clone(copyOf));
    }
    return copy;
  }

  #reachable(): Map<Inode, string> {
    const inodes = new Map<Inode, string>();
    for (const [path, directory] of this.#directories) {
      for (const [inode, name] of directory.reachable()) inodes.set(inode, path + name);
    }
    return inodes;
  }
}
