'use strict';

const { SignalboxError } = require('./error.js');

// Seconds.
const FIRST_PAUSE = 0.1;
const LONGEST_PAUSE = 5;
const SHORTEST_TRY = 2;
const LONGEST_PUSHBACK_MS = 2 ** 31 - 1;

// Of a clock that never steps.
function now() {
  return performance.now() / 1000;
}

// Decides whether and when a call is tried again. All times are in seconds;
// `retryFor` begins with the construction.
class Repeats {
  #begin = now();
  #retryFor;
  #base = FIRST_PAUSE;

  constructor(retryFor) {
    this.#retryFor = retryFor;
  }

  #left() {
    return this.#begin + this.#retryFor - now();
  }

  // How long the next try may take.
  timeoutOfTry(tryTimeout) {
    return Math.max(Math.min(tryTimeout, this.#left()), SHORTEST_TRY);
  }

  // How long to wait after `error`; null if there must be no other try.
  pauseAfter(error) {
    const pushback = SignalboxError.pushbackOf(error);
    const repeatable = error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED' ||
      (error.code === 'RESOURCE_EXHAUSTED' && pushback !== undefined);
    const left = this.#left();
    if (!repeatable || left <= 0) return null;
    if (pushback !== undefined) {
      // By gRPC's rules (proposal A6), any other value forbids a retry.
      if (!/^\d+$/.test(pushback) || Number(pushback) > LONGEST_PUSHBACK_MS) return null;
      const pause = Number(pushback) / 1000;
      return pause > left ? null : pause;
    }
    const pause = this.#base * (1 - 0.5 * Math.random());
    this.#base = Math.min(2 * this.#base, LONGEST_PAUSE);
    // A pause that the server did not ask for may end early, for a last try.
    return Math.min(pause, left);
  }
}

module.exports = { Repeats };
