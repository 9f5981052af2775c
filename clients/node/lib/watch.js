'use strict';

const { SignalboxError, fromStatus } = require('./error.js');
const { change, number } = require('./messages.js');
const { Repeats } = require('./repeats.js');

// The server sends at least a bookmark once a minute.
const LONGEST_SILENCE_MS = 150 * 1000;

// The next message of a stream, or the error with which the stream ended. A
// stream that falls silent is lost: the other end may have gone away.
async function next(messages, requestId) {
  const unavailable = (message) => new SignalboxError('UNAVAILABLE', message, requestId);
  let timer;
  const silence = new Promise((resolve) => {
    timer = setTimeout(resolve, LONGEST_SILENCE_MS, 'silence');
  });
  try {
    const item = await Promise.race([messages.next(), silence]);
    if (item === 'silence') return { error: unavailable('the server was silent') };
    // A server may end a stream with its connection, without any error.
    if (item.done) return { error: unavailable('the server ended the stream') };
    return { message: item.value };
  } catch (failure) {
    return { error: fromStatus(failure, requestId) };
  } finally {
    clearTimeout(timer);
  }
}

// Changes in order, over as many streams as it takes.
class Watch {
  #connection;
  #request;
  #requestId;
  #iterator;
  #stream = null;
  #isClosed = false;
  #wake = () => {};

  constructor(connection, request) {
    this.#connection = connection;
    this.#request = request;
    this.#requestId = connection.newRequestId();
    this.#iterator = this.#changes();
  }

  // The number of the last change or bookmark; null before the first, unless
  // the watch began after a number.
  get sequence() {
    const { afterSequence } = this.#request;
    return afterSequence === undefined ? null : number(afterSequence);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    return this.#iterator.next();
  }

  return(value) {
    this.close();
    return this.#iterator.return(value);
  }

  // Also ends a `next` that waits.
  close() {
    this.#isClosed = true;
    this.#stream?.cancel();
    this.#wake();
    this.#connection.remove(this);
  }

  cancel() {
    this.close();
  }

  async *#changes() {
    let repeats = null;  // Since the server stopped answering.
    while (!this.#isClosed) {
      const messages = this.#open();
      let wasThere = false;
      let last = {};
      try {
        for (;;) {
          last = await next(messages, this.#requestId);
          if (this.#isClosed) return;
          if (last.error) break;
          wasThere = true;
          this.#request.afterSequence = last.message.sequence;
          // A message without a repository is a bookmark.
          if (last.message.repository !== '') yield change(last.message);
        }
      } finally {
        this.#stream.cancel();
      }
      if (wasThere || repeats === null) {
        repeats = new Repeats(this.#connection.options.retryFor);
      }
      await this.#pauseAfter(last.error, repeats);
    }
  }

  #open() {
    this.#connection.check();
    this.#stream = this.#connection.service.watchStatuses(this.#request,
      this.#connection.metadata(this.#requestId));
    // The iterator has the errors, too; without a listener they end the process.
    this.#stream.on('error', () => {});
    return this.#stream[Symbol.asyncIterator]();
  }

  async #pauseAfter(error, repeats) {
    const pause = repeats.pauseAfter(error);
    if (pause === null) {
      this.#connection.remove(this);
      throw error;
    }
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, pause * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

module.exports = { Watch };
