'use strict';

const { SignalboxError, fromAnswer, fromStatus, invalid } = require('./error.js');
const messages = require('./messages.js');
const { Repeats } = require('./repeats.js');
const { StatusService } = require('./service.js');

// The server refuses a larger message, and ends the stream for all.
const LARGEST_REPORT = 256 << 10;
const LONGEST_END_MS = 2000;
const { requestSerialize } = StatusService.service.StreamReports;

// A report that waits, from its call to its answer.
class Entry {
  repeats = null;  // After answers that ask for a repeat.

  constructor(report, resolve, reject) {
    const { repository, sha } = report.pending ?? report.result;
    this.commit = `${repository} ${sha}`.toLowerCase();
    this.report = report;
    this.resolve = resolve;
    this.reject = reject;
  }
}

// Sends many reports over one stream at a time. `#commits` has all that are not
// answered. The first report of each commit is in `#queue` until it is written,
// and then in `#sent`, or in `#delayed` if the server wants it later. The others
// wait for their turn, so a report that must go again is never overtaken by a
// later one of its commit.
class ReportStream {
  #connection;
  #requestId;
  #maxInFlight;
  #stream = null;
  #commits = new Map();  // Arrays of entries.
  #unanswered = 0;
  #queue = [];
  #sent = new Map();  // By tag.
  #delayed = new Map();  // The timers, by entry.
  #lastTag = 0;
  #repeats;
  #pause = null;  // The timer of a pause, in which nothing is written.
  #silence = null;  // The timer that runs while the server owes an answer.
  #waiting = [];  // Those who wait in ready().
  #closed = null;  // The promise of close().
  #end = () => {};

  constructor(connection, { maxInFlight = 1000, ...others }) {
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw invalid(`${unknown} is no such option; there is maxInFlight`);
    if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1) {
      throw invalid(`maxInFlight: ${String(maxInFlight)} is no integer over 0`);
    }
    this.#connection = connection;
    this.#requestId = connection.newRequestId();
    this.#maxInFlight = maxInFlight;
  }

  async pending(repository, sha, contexts = [], fields = {}) {
    const pending = messages.pendingRequest(repository, sha, contexts, fields);
    return (await this.#report({ pending })).receipts.map(messages.receipt);
  }

  async result(repository, sha, result, context = '', fields = {}) {
    const request = messages.resultRequest(repository, sha, result, context, fields);
    return messages.receipt((await this.#report({ result: request })).receipts[0]);
  }

  async ready() {
    while (this.#unanswered >= this.#maxInFlight) {
      await new Promise((resolve) => { this.#waiting.push(resolve); });
    }
  }

  close() {
    this.#closed ??= new Promise((resolve) => {
      this.#end = () => {
        this.#connection.remove(this);
        resolve();
      };
    });
    this.#endIfDone();
    return this.#closed;
  }

  // Ends it without the answers: their promises are rejected.
  cancel() {
    this.#closed ??= Promise.resolve();
    const stream = this.#stream;
    this.#stream = null;
    stream?.cancel();
    this.#fail(this.#error('CANCELLED', 'the client was closed'));
    this.#end();
  }

  #report(report) {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) throw invalid('the stream of reports is closed');
      this.#connection.check();
      report.tag = String(++this.#lastTag);
      if (requestSerialize(report).length > LARGEST_REPORT) {
        throw new SignalboxError('RESOURCE_EXHAUSTED', 'the report is larger than 256 KiB');
      }
      if (this.#unanswered === 0) this.#renew();
      this.#add(new Entry(report, resolve, reject));
      this.#write();
    });
  }

  #add(entry) {
    ++this.#unanswered;
    const entries = this.#commits.get(entry.commit);
    if (entries !== undefined) {
      entries.push(entry);
      return;
    }
    this.#commits.set(entry.commit, [entry]);
    this.#queue.push(entry);
  }

  // `entry` is answered: it is the turn of the next of its commit.
  #remove(entry) {
    --this.#unanswered;
    const entries = this.#commits.get(entry.commit);
    entries.shift();
    if (entries.length > 0) this.#queue.push(entries[0]);
    else this.#commits.delete(entry.commit);
  }

  // The time for repeats begins anew whenever the server answers.
  #renew() {
    this.#repeats = new Repeats(this.#connection.options.retryFor);
  }

  #write() {
    if (this.#pause !== null) return;
    while (this.#queue.length > 0 && this.#sent.size < this.#maxInFlight) {
      if (this.#stream === null) this.#open();
      const entry = this.#queue.shift();
      this.#sent.set(entry.report.tag, entry);
      this.#stream.write(entry.report);
    }
    if (this.#silence === null) this.#watchSilence();
  }

  #open() {
    const stream = this.#connection.service.streamReports(
      this.#connection.metadata(this.#requestId));
    this.#stream = stream;
    let end = null;
    let hasRead = false;
    const endIfRead = () => {
      if (end !== null && hasRead && stream === this.#stream) this.#onEnd(end);
    };
    stream.on('data', (answer) => {
      if (stream === this.#stream) this.#onAnswer(answer);
    });
    // The status can come before answers that were received before it.
    stream.on('end', () => {
      hasRead = true;
      endIfRead();
    });
    stream.on('status', (status) => {
      // A server may end a stream with its connection, without any error.
      end = status.code === 0 ? this.#error('UNAVAILABLE', 'the server ended the stream') :
        fromStatus(status, this.#requestId);
      endIfRead();
    });
    stream.on('error', () => {});  // The same as the status.
  }

  #onAnswer(answer) {
    const entry = this.#sent.get(answer.tag);
    if (entry === undefined) return;
    this.#sent.delete(answer.tag);
    this.#renew();
    this.#watchSilence();
    const error = answer.code === 0 ? null : fromAnswer(answer, this.#requestId);
    if (error !== null) entry.repeats ??= new Repeats(this.#connection.options.retryFor);
    const pause = error === null ? null : entry.repeats.pauseAfter(error);
    if (pause !== null) {
      this.#delay(entry, pause);
    } else {
      this.#remove(entry);
      if (error === null) entry.resolve(answer);
      else entry.reject(error);
    }
    this.#waiting.splice(0).forEach((resolve) => resolve());
    this.#write();
    this.#endIfDone();
  }

  #error(code, message) {
    return new SignalboxError(code, message, this.#requestId);
  }

  // The stream ended with `error`.
  #onEnd(error) {
    this.#stream = null;
    this.#queue = [...this.#sent.values(), ...this.#queue];
    this.#sent.clear();
    this.#watchSilence();
    if (this.#unanswered > 0) {
      const pause = this.#repeats.pauseAfter(error);
      if (pause === null) this.#fail(error);
      else this.#hold(pause);
    }
    this.#endIfDone();
  }

  // The server wants this report later; the others go on.
  #delay(entry, seconds) {
    this.#delayed.set(entry, setTimeout(() => {
      this.#delayed.delete(entry);
      this.#queue.push(entry);
      this.#write();
    }, seconds * 1000));
  }

  // Writes nothing for `seconds`.
  #hold(seconds) {
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#write();
    }, seconds * 1000);
  }

  // A server that owes answers and gives none for the time of a try is gone.
  #watchSilence() {
    clearTimeout(this.#silence);
    this.#silence = null;
    if (this.#sent.size === 0) return;
    this.#silence = setTimeout(() => {
      const stream = this.#stream;
      this.#onEnd(this.#error('DEADLINE_EXCEEDED', 'the server did not answer in time'));
      stream.cancel();
    }, this.#repeats.timeoutOfTry(this.#connection.options.tryTimeout) * 1000);
  }

  #fail(error) {
    this.#delayed.forEach((timer) => clearTimeout(timer));
    this.#delayed.clear();
    clearTimeout(this.#pause);
    this.#pause = null;
    clearTimeout(this.#silence);
    this.#silence = null;
    const failed = [...this.#commits.values()].flat();
    this.#unanswered = 0;
    this.#commits.clear();
    this.#sent.clear();
    this.#queue = [];
    failed.forEach(({ reject }) => reject(error));
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  #endIfDone() {
    if (this.#closed === null || this.#unanswered > 0) return;
    const stream = this.#stream;
    if (stream === null) {
      this.#end();
      return;
    }
    stream.end();
    // Nothing is at stake any more, so a server that is gone is not waited for.
    setTimeout(() => stream.cancel(), LONGEST_END_MS).unref();
  }
}

module.exports = { ReportStream };
