'use strict';

const { Metadata, status } = require('@grpc/grpc-js');

const PUSHBACK = 'grpc-retry-pushback-ms';

// An error of the server, or a refusal by the client itself. `pushback` is the
// server's wish for the pause before a repeat, as text; undefined if it has
// none.
class SignalboxError extends Error {
  #pushback;

  constructor(code, message, reason = '', pushback = undefined) {
    super(message);
    this.name = 'SignalboxError';
    this.code = code;
    this.reason = reason;
    this.mayHaveBeenAccepted =
      code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED' || code === 'INTERNAL' ||
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
function fromStatus(failure) {
  const metadata = failure.metadata ?? new Metadata();
  return new SignalboxError(status[failure.code] ?? 'UNKNOWN', failure.details ?? failure.message,
    metadata.get('signalbox-reason')[0] ?? '', metadata.get(PUSHBACK)[0]);
}

// `answer` is a StreamReportsResponse with a code.
function fromAnswer(answer) {
  const pause = answer.retryAfter;
  const pushback = pause === null ? undefined :
    String(Math.ceil(Number(pause.seconds) * 1000 + pause.nanos / 1e6));
  return new SignalboxError(status[answer.code] ?? 'UNKNOWN', answer.message, answer.reason,
    pushback);
}

module.exports = { SignalboxError, fromAnswer, fromStatus, invalid };
