/**
 * Refusals of the HTTP handler, answered as RFC 9457 `application/problem+json`.
 *
 * `code` is the contract; `title` and `detail` are prose. A detail never carries a stack, a path of
 * the file system, or the text of an error the handler did not make itself.
 *
 * @module
 */

/** Status and title of every refusal the handler makes, by its stable code. */
export const PROBLEMS = {
  INVALID_NAME: [400, "The stream name is not valid"],
  RESERVED_NAME: [400, "The stream name is reserved"],
  INVALID_TARGET: [400, "The request target is not valid"],
  INVALID_OFFSET: [400, "The offset is not valid"],
  INVALID_PARAMETER: [400, "A query parameter is not valid"],
  INVALID_HEADER: [400, "A request header is not valid"],
  INVALID_JSON: [400, "The body is not valid JSON"],
  INVALID_PRODUCER: [400, "The producer headers are not valid"],
  INVALID_FORK: [400, "The fork point is not valid"],
  EMPTY_BODY: [400, "The body is empty"],
  BODY_INCOMPLETE: [400, "The body ended before its end"],
  CONTENT_TYPE_MISSING: [400, "The request has no Content-Type"],
  CONTENT_TYPE_MISMATCH: [409, "The Content-Type is not that of the stream"],
  PRODUCER_FENCED: [403, "A newer epoch of the producer is active"],
  NOT_FOUND: [404, "There is no such stream"],
  NO_ROUTE: [404, "There is nothing at this address"],
  METHOD_NOT_ALLOWED: [405, "The method is not allowed"],
  BODY_TIMEOUT: [408, "The body stalled"],
  ALREADY_EXISTS: [409, "The stream exists with another configuration"],
  STREAM_CLOSED: [409, "The stream is closed"],
  STREAM_DELETED: [409, "The stream is deleted but forks still need it"],
  PRODUCER_GAP: [409, "Earlier requests of the producer are missing"],
  SEQUENCE_CONFLICT: [409, "The Stream-Seq is not greater than the last one"],
  CONFLICT: [409, "Another request changed the same data first"],
  GONE: [410, "The stream or this part of it is gone"],
  TOO_LARGE: [413, "The body is too large"],
  INTERNAL: [500, "The server failed"],
  CORRUPT: [500, "Stored data is damaged"],
  BUSY: [503, "The server has no room for this request"],
  SHUTTING_DOWN: [503, "The server is shutting down"],
  POISONED: [503, "The store stopped taking writes after a failure"],
  UNAVAILABLE: [503, "The store is not available"],
  NO_SPACE: [507, "The disk or the quota is full"],
} as const;

/** One of the stable codes of {@linkcode PROBLEMS}. */
export type ProblemCode = keyof typeof PROBLEMS;

/** A refusal with the headers that state its facts. */
export class HttpProblem extends Error {
  /** The stable code. */
  readonly code: ProblemCode;
  /** Headers of the answer, beside the ones every answer has. */
  readonly fields: Readonly<Record<string, string>>;

  /** Makes a refusal; `detail` is shown to the client. */
  constructor(code: ProblemCode, detail = "", fields: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = "HttpProblem";
    this.code = code;
    this.fields = fields;
  }

  /** The status code. */
  get status(): number {
    return PROBLEMS[this.code][0];
  }

  /** The body, as RFC 9457 names its members, plus `code`. */
  body(): string {
    const [status, title] = PROBLEMS[this.code];
    const problem: Record<string, unknown> = { type: "about:blank", title, status };
    if (this.message !== "") problem["detail"] = this.message;
    problem["code"] = this.code;
    return JSON.stringify(problem);
  }
}
