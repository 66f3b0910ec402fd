/**
 * What a transaction is given: its options, and what it shares with others.
 *
 * @module
 */

import { CommitHistory } from "./commit_history.ts";
import type { Durability } from "../../io/durability.ts";
import { CommittedTrees } from "../catalog/committed_trees.ts";
import type { CommitPipeline } from "../commit/commit_pipeline.ts";
import type { Engine } from "../engine.ts";
import type { Isolation } from "./isolation.ts";
import { OpenTransactions } from "./open_transactions.ts";
import { createdInDoubt } from "../catalog/structure_tree.ts";
import type { Transaction } from "./transaction.ts";

/** Options of one transaction. */
export interface TransactionOptions {
  /** How it is kept apart from others. Default: that of the database. */
  readonly isolation?: Isolation;
  /** Where the data is when `commit()` resolves. Default: that of the database. */
  readonly durability?: Durability;
  /** What a prepared transaction is known by: 1 to 512 bytes. Default: 16 random bytes. */
  readonly transactionId?: Uint8Array;
}

/** What a transaction needs of its database. */
export interface TransactionHost {
  readonly engine: Engine;
  readonly pipeline: CommitPipeline;
  readonly history: CommitHistory;
  /** Open transactions, but for the running one. */
  readonly open: OpenTransactions;
  /**
   * The transaction whose synchronous body runs. It joins `open` only if another one begins or its
   * body turns out to be asynchronous: until then nobody can overtake it.
   */
  running: Transaction | undefined;
  /** Trees of structures whose creation is known to be durable. */
  readonly committed: CommittedTrees;
  /** Ids given to structures that are being created, by name and format. */
  readonly created: Map<string, number>;
  /** Throws when the database is closed. */
  check(): void;
}

/** What the transactions of one database share. `check` throws when that is closed. */
export function transactionHost(
  engine: Engine,
  pipeline: CommitPipeline,
  check: () => void,
): TransactionHost {
  const open = new OpenTransactions(engine.io);
  const history = new CommitHistory(open.views());
  open.onEmpty = () => history.clear();
  pipeline.beforeApply = () => open.capture();
  return {
    engine,
    pipeline,
    history,
    open,
    running: undefined,
    committed: new CommittedTrees(),
    created: createdInDoubt(engine),
    check,
  };
}
