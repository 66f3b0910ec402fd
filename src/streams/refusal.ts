/**
 * Why a stream store refuses: the reasons, and what each tells the caller.
 *
 * @module
 */

/** A refusal: nothing changed. `reason` says why, the other members what the caller may need. */
export interface Refused<R extends Refusal = Refusal> {
  /** Tells the three kinds of outcome apart. */
  readonly outcome: "refused";
  /** Why. */
  readonly refusal: R;
}

/** No stream of that name, or it has expired. */
export interface NotFound {
  /** Discriminant. */
  readonly reason: "not-found";
}

/** The stream was deleted while forks still need its data: its name stays taken. */
export interface Gone {
  /** Discriminant. */
  readonly reason: "gone";
}

/** The stream is closed, and the request is not a repeat of the one that closed it. */
export interface AlreadyClosed {
  /** Discriminant. */
  readonly reason: "closed";
  /** The final offset. */
  readonly nextOffset: string;
}

/** The content type given is not that of the stream (or, for a fork, of its source). */
export interface ContentTypeMismatch {
  /** Discriminant. */
  readonly reason: "content-type-mismatch";
  /** The content type of the stream. */
  readonly contentType: string;
}

/** `streamSeq` is not greater, by bytes, than the last accepted one of this stream. */
export interface SequenceConflict {
  /** Discriminant. */
  readonly reason: "sequence-conflict";
  /** The last accepted value. */
  readonly streamSeq: string;
}

/** The tail is not where `expectedOffset` said. */
export interface OffsetMismatch {
  /** Discriminant. */
  readonly reason: "offset-mismatch";
  /** The tail. */
  readonly nextOffset: string;
}

/** A newer epoch of the same producer exists: this writer must stop. */
export interface ProducerFenced {
  /** Discriminant. */
  readonly reason: "producer-fenced";
  /** The newest epoch accepted. */
  readonly epoch: number;
}

/** An earlier request of this producer is missing. */
export interface ProducerGap {
  /** Discriminant. */
  readonly reason: "producer-gap";
  /** The sequence number that must come next. */
  readonly expected: number;
  /** The one that came. */
  readonly received: number;
}

/** A new epoch did not begin with sequence number 0. */
export interface ProducerEpochSeq {
  /** Discriminant. */
  readonly reason: "producer-epoch-seq";
  /** The newest epoch accepted so far. */
  readonly epoch: number;
}

/** The stream exists with another configuration. */
export interface ConfigMismatch {
  /** Discriminant. */
  readonly reason: "config-mismatch";
  /** The member of the options that differs first. */
  readonly member: "contentType" | "ttlSeconds" | "expiresAt" | "closed" | "fork";
}

/** The name to create, or the source to fork, is deleted but still needed by forks. */
export interface SoftDeleted {
  /** Discriminant. */
  readonly reason: "soft-deleted";
  /** Which of the two. */
  readonly which: "target" | "source";
}

/** The offset is no offset, or lies inside a message. */
export interface BadOffset {
  /** Discriminant. */
  readonly reason: "bad-offset";
}

/** The offset lies beyond the tail. */
export interface OffsetBeyondTail {
  /** Discriminant. */
  readonly reason: "offset-beyond-tail";
  /** The tail. */
  readonly nextOffset: string;
}

/** The data at this offset was given up by retention. */
export interface Trimmed {
  /** Discriminant. */
  readonly reason: "trimmed";
  /** The earliest offset that can still be read. */
  readonly earliestOffset: string;
}

/** The source of the fork does not exist. */
export interface ForkSourceNotFound {
  /** Discriminant. */
  readonly reason: "fork-source-not-found";
}

/** The sub-offset reaches beyond the message (or the messages) after the fork's offset. */
export interface ForkSubOffset {
  /** Discriminant. */
  readonly reason: "fork-sub-offset";
  /** The largest sub-offset that would do. */
  readonly max: number;
}

/** Something is larger than this store allows. */
export interface LimitExceeded {
  /** Discriminant. */
  readonly reason: "limit";
  /** What. */
  readonly limit:
    | "name-bytes"
    | "content-type-bytes"
    | "message-bytes"
    | "append-bytes"
    | "append-messages"
    | "producer-id-bytes"
    | "stream-seq-bytes"
    | "fork-ranges"
    | "stream-bytes";
  /** The limit, in the unit its name says. */
  readonly max: number;
}

/** The disk or the quota is full; nothing was stored and the store stays usable. */
export interface NoSpace {
  /** Discriminant. */
  readonly reason: "no-space";
}

/** Every reason a store may refuse for. */
export type Refusal =
  | NotFound
  | Gone
  | AlreadyClosed
  | ContentTypeMismatch
  | SequenceConflict
  | OffsetMismatch
  | ProducerFenced
  | ProducerGap
  | ProducerEpochSeq
  | ConfigMismatch
  | SoftDeleted
  | BadOffset
  | OffsetBeyondTail
  | Trimmed
  | ForkSourceNotFound
  | ForkSubOffset
  | LimitExceeded
  | NoSpace;
