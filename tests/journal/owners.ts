/** What has one owner at a time, each in a file or files of its own. */

import { codec, fileBlocks, type IoAdapter, Journal } from "../../mod.ts";

/** Something open. */
export interface Owned {
  close(): Promise<void> | void;
}

/** The kinds, and how to become the owner of one in a folder. */
export const OWNERS = {
  blocks: (io: IoAdapter, folder: string): Promise<Owned> =>
    fileBlocks(io, folder, { blockBytes: 4096, blockCount: 1 }),
  journal: (io: IoAdapter, folder: string): Promise<Owned> =>
    Journal.open(io, `${folder}/the.journal`, { codec: codec.u32 }),
};

/** The file that the lock of each stands for. */
export const LOCKED_FILE = { blocks: "blocks.head", journal: "the.journal" };

/** The name of a kind. */
export type OwnedKind = keyof typeof OWNERS;
