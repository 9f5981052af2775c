// Reports to a Signalbox server, which sets commit statuses at GitHub.
//
// All times and durations are in seconds, and instants are Dates. A repository
// is `[HOST/]OWNER/NAME`, a sha a full commit id, a context GitHub's label of a
// status. All methods that return a promise reject with a SignalboxError.

/** How a run ended. */
export type Result =
  | 'SUCCESS' | 'FAILURE' | 'ERROR' | 'CANCELLED' | 'SKIPPED' | 'TIMED_OUT' | 'NEUTRAL';
export const Result: { readonly [Word in Result]: Word };

// A newer server may know more words than these.
type Or<Words extends string> = Words | (string & {});
export type Disposition = Or<'ACCEPTED' | 'UNCHANGED' | 'SUPERSEDED'>;
export type CommitState = Or<'ERROR' | 'FAILURE' | 'PENDING' | 'SUCCESS' | 'UNSPECIFIED'>;
export type PostingState = Or<'DUE' | 'POSTED' | 'WAITING' | 'ABANDONED' | 'OBSERVED'>;

export interface ConnectOptions {
  /** Sent as `authorization: Bearer TOKEN`. Default: none. */
  token?: string;
  /**
   * Whether the connection is encrypted. Without it, a token is sent to this
   * machine only, and the four options below must not be given. Default: false.
   */
  tls?: boolean;
  /** PEM file with the authorities to trust. Default: the system's. */
  caFile?: string;
  /** PEM files with the client's own certificate and private key. */
  certFile?: string;
  keyFile?: string;
  /** The name that must be in the server's certificate. Default: the host in the address. */
  serverName?: string;
  /**
   * For how long a call is repeated while the server is unreachable or busy: the
   * last try begins at most so long after the first. 0: one try. Infinity: for
   * ever. Default: 60.
   */
  retryFor?: number;
  /**
   * The deadline of one try. The last tries get what is left of `retryFor`, but
   * at least 2 s. Default: 10.
   */
  tryTimeout?: number;
  /**
   * The id of each call, under which the server's log shows it: 1 to 64 letters,
   * digits and `._:-`. Default: each call gets one of its own, which its repeats
   * keep. A stream of reports and a watch are one call.
   */
  requestId?: string;
}

export interface ResultFields {
  /** The caller's number for this run; it grows from run to run. */
  attempt?: number | bigint;
  /** The name of the counter that `attempt` belongs to. */
  series?: string;
  description?: string;
  targetUrl?: string;
  /** Accept the report only if no report with a larger sequence was accepted. */
  ifSequence?: number | bigint;
  /** Whether a report that differs only in its text replaces the held one. */
  newestTextWins?: boolean;
}

export interface PendingFields extends ResultFields {
  /** After so many seconds without a result, GitHub shows `error`. */
  expiresAfter?: number;
  /** Run the contexts again although they have a result. */
  rerun?: boolean;
  /** Wait for the result for ever. */
  neverExpires?: boolean;
}

/** What became of a report. */
export interface Receipt {
  context: string;
  sequence: number;
  disposition: Disposition;
  /** What the server changed or left out, a sentence each. */
  warnings: string[];
  expireTime: Date | null;
  state: CommitState;
  /** A bigint only if a number cannot hold it exactly. */
  newestAttempt: number | bigint;
  newestResult: Or<Result | 'UNSPECIFIED'>;
  reportTime: Date | null;
}

export interface Posting {
  state: PostingState;
  /** Why the status waits or was abandoned; empty otherwise. */
  reason: string;
  tryCount: number;
  nextTryTime: Date | null;
  postTime: Date | null;
  overtakenBy: string;
}

/** The status of one context of a commit. */
export interface Status {
  context: string;
  state: CommitState;
  result: Or<Result | 'UNSPECIFIED'>;
  description: string;
  targetUrl: string;
  attempt: number | bigint;
  series: string;
  sequence: number;
  reportSequence: number;
  reportTime: Date | null;
  expireTime: Date | null;
  posting: Posting | null;
}

export interface CommitStatus {
  repository: string;
  sha: string;
  /** The combined state of all contexts, by GitHub's rule. */
  state: CommitState;
  statuses: Status[];
  /** Watch after this number to follow what was read. */
  sequence: number;
}

export interface Change {
  sequence: number;
  repository: string;
  sha: string;
  status: Status;
}

export interface WatchOptions {
  /** Globs of `[HOST/]OWNER/NAME`. Default: all. */
  repositories?: string[];
  /** Globs of contexts. Default: all. */
  contexts?: string[];
  /** Only changes to these states. Default: all. */
  states?: CommitState[];
  /** Begin after this sequence; 0: from the beginning. Default: from now. */
  afterSequence?: number | bigint;
}

export interface ServerInfo {
  version: string;
  revision: string;
  hosts: { name: string; apiUrl: string }[];
  features: string[];
  grants: {
    caller: string;
    rights: string[];
    repositories: string[];
    contexts: string[];
    tokenExpireTime: Date | null;
  } | null;
}

/** What an issued token may do less than the caller. Default: nothing less. */
export interface TokenFields {
  /** Globs of `[HOST/]OWNER/NAME`. */
  repositories?: string[];
  /** Globs of contexts. */
  contexts?: string[];
  /** Some of `report`, `read` and `operate`. */
  rights?: string[];
  /** The only commit that the token may report on. */
  sha?: string;
  /** The only run that the token may report on. */
  series?: string;
  attempt?: number | bigint;
  /** Seconds, 1 minute to 30 days. Default: 1 hour. */
  validFor?: number;
}

export interface IssuedToken {
  /** Secret. */
  token: string;
  expireTime: Date | null;
}

/** An error of the server, or a refusal by the client itself. */
export class SignalboxError extends Error {
  private constructor();
  /** The name of gRPC's code, such as `INVALID_ARGUMENT`. */
  readonly code: string;
  /** The server's stable word, such as `INVALID_SHA`; empty if there is none. */
  readonly reason: string;
  /** Whether the server may have accepted the report all the same. */
  readonly mayHaveBeenAccepted: boolean;
  /** The id of the call, as the server's log shows it; empty if no call was made. */
  readonly requestId: string;
}

/** Says how a run ends. The last call counts; it is reported at the end of the block. */
export interface Run {
  /** The receipt of the newest report: of the pending, and then of the result. */
  readonly receipt: Receipt;
  success(description?: string): void;
  failure(description?: string): void;
  error(description?: string): void;
  cancelled(description?: string): void;
  skipped(description?: string): void;
  timedOut(description?: string): void;
  neutral(description?: string): void;
}

type Block<Value> = (run: Run) => Value | PromiseLike<Value>;

/**
 * Many reports with many in flight. Reports of one commit reach the server in
 * the order of the calls, each after the answer to the one before. When the
 * stream ends, the unanswered reports go over a new one.
 */
export interface ReportStream {
  pending(
    repository: string, sha: string, contexts?: string[], fields?: PendingFields,
  ): Promise<Receipt[]>;
  result(
    repository: string, sha: string, result: Result, context?: string, fields?: ResultFields,
  ): Promise<Receipt>;
  /** Resolves once fewer than `maxInFlight` reports are unanswered. */
  ready(): Promise<void>;
  /** Resolves once every report is answered and the stream has ended. */
  close(): Promise<void>;
}

/** Changes in order, without a gap, over as many connections as it takes. */
export interface Watch extends AsyncIterableIterator<Change> {
  /** The number of the last change or bookmark, to resume later; null before the first. */
  readonly sequence: number | bigint | null;
  /** Ends the watch, also while `next` waits. */
  close(): void;
}

export interface Client {
  /** No contexts: those that the server's configuration expects of the repository. */
  pending(
    repository: string, sha: string, contexts?: string[], fields?: PendingFields,
  ): Promise<Receipt[]>;
  /** No context: `ci/build`. */
  result(
    repository: string, sha: string, result: Result, context?: string, fields?: ResultFields,
  ): Promise<Receipt>;
  /**
   * Reports a pending, calls `block`, and reports one result, whatever happens:
   * what the block said with a method of `run`; else SUCCESS if it ended, and
   * ERROR with the first line of the error if it threw. Resolves with the value
   * of the block. If the pending is not accepted, the block does not begin. If
   * the result is not accepted, rejects; but an error of the block goes first,
   * and gets the other as its `cause`.
   */
  run<Value>(repository: string, sha: string, block: Block<Value>): Promise<Value>;
  run<Value>(
    repository: string, sha: string, context: string, block: Block<Value>,
  ): Promise<Value>;
  run<Value>(
    repository: string, sha: string, context: string, fields: PendingFields, block: Block<Value>,
  ): Promise<Value>;
  reports(options?: { maxInFlight?: number }): ReportStream;
  watch(options?: WatchOptions): Watch;
  commitStatus(repository: string, sha: string): Promise<CommitStatus>;
  serverInfo(): Promise<ServerInfo>;
  /** A token that may do no more than the caller's own, and not for long. */
  issueToken(fields?: TokenFields): Promise<IssuedToken>;
  /** Whether the server serves. False: it is about to stop. */
  isServing(): Promise<boolean>;
  /** Ends all streams and watches. Unanswered reports of streams are rejected. */
  close(): void;
}

/**
 * Makes a client, which connects at its first call.
 *
 * `address` is `HOST:PORT` or `unix:PATH`, by default 127.0.0.1:50051. Throws
 * INVALID_ARGUMENT if the options do not fit together or to the address, and
 * NOT_FOUND and the like if a file cannot be read.
 */
export function connect(address?: string, options?: ConnectOptions): Client;
