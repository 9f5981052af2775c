'use strict';

const { Metadata, status } = require('@grpc/grpc-js');

const REQUEST_ID = 'signalbox-request-id';
// The last two come from this end of the connection, or from a proxy: the report
// may be on its way.
const UNCERTAIN = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL', 'CANCELLED', 'UNKNOWN'];
const PUSHBACK = 'grpc-retry-pushback-ms';

// An error of the server, or a refusal by the client itself. `pushback` is the
// server's wish for the pause before a repeat, as text; undefined if it has
// none. `requestId` is that of the call; empty if none was made.
class SignalboxError extends Error {
  #pushback;

  constructor(code, message, requestId = '', reason = '', pushback = undefined) {
    super(message);
    this.name = 'SignalboxError';
    this.code = code;
    this.reason = reason;
    this.requestId = requestId;
    this.mayHaveBeenAccepted = UNCERTAIN.includes(code) ||
      (code === 'RESOURCE_EXHAUSTED' && pushback !== undefined);
    this.#pushback = pushback;
  }

  static pushbackOf(error) {
    return error.#pushback;
  }
}

function invalid(message) {
  return new SignalboxError('INVALID_ARGUMENT', message);
}

// `failure` is what grpc-js calls a StatusObject or a ServiceError.
function fromStatus(failure, requestId) {
  const metadata = failure.metadata ?? new Metadata();
  return new SignalboxError(status[failure.code] ?? 'UNKNOWN', failure.details ?? failure.message,
    requestId, metadata.get('signalbox-reason')[0] ?? '', metadata.get(PUSHBACK)[0]);
}

// `answer` is a StreamReportsResponse with a code.
function fromAnswer(answer, requestId) {
  const pause = answer.retryAfter;
  const pushback = pause === null ? undefined :
    String(Math.ceil(Number(pause.seconds) * 1000 + pause.nanos / 1e6));
  return new SignalboxError(status[answer.code] ?? 'UNKNOWN', answer.message, requestId, answer.reason,
    pushback);
}

module.exports = { REQUEST_ID, SignalboxError, fromAnswer, fromStatus, invalid };
