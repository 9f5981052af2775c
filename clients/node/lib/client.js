'use strict';

const { randomBytes } = require('node:crypto');
const grpc = require('@grpc/grpc-js');
const { REQUEST_ID, fromStatus, invalid } = require('./error.js');
const messages = require('./messages.js');
const { complete, openChannel } = require('./options.js');
const { Repeats } = require('./repeats.js');
const { ReportStream } = require('./report_stream.js');
const { runBlock } = require('./run.js');
const { Health, StatusService } = require('./service.js');
const { Watch } = require('./watch.js');

// Of one answer. No server has more pages; the limit stops an endless list.
const MOST_PAGES = 10000;

// One connection to a server, and the rules for repeats on it.
class Connection {
  #channel;
  #metadata = new grpc.Metadata();
  #open = new Set();
  #isClosed = false;
  #closing = new Set();  // What ends the pauses before repeats.

  constructor(address, options) {
    this.options = options;
    this.#channel = openChannel(address, options);
    if (options.token) this.#metadata.set('authorization', `Bearer ${options.token}`);
    // The credentials are the channel's; these are not used.
    const own = [address, grpc.credentials.createInsecure(), { channelOverride: this.#channel }];
    this.service = new StatusService(...own);
    this.health = new Health(...own);
  }

  check() {
    if (this.#isClosed) throw invalid('the client is closed');
  }

  // Streams that `close` must end.
  add(stream) {
    this.check();
    this.#open.add(stream);
    return stream;
  }

  remove(stream) {
    this.#open.delete(stream);
  }

  // The id of a call that begins, which its repeats keep.
  newRequestId() {
    return this.options.requestId || randomBytes(8).toString('hex');
  }

  // Each try needs metadata of its own.
  metadata(requestId) {
    const metadata = this.#metadata.clone();
    metadata.set(REQUEST_ID, requestId);
    return metadata;
  }

  async call(service, method, request) {
    this.check();
    const repeats = new Repeats(this.options.retryFor);
    const requestId = this.newRequestId();
    for (;;) {
      try {
        return await this.#try(service, method, request, requestId,
          repeats.timeoutOfTry(this.options.tryTimeout));
      } catch (error) {
        const pause = repeats.pauseAfter(error);
        if (pause === null) throw error;
        await this.#pause(pause);
        // The report may have been accepted, which a refusal would deny.
        if (this.#isClosed) throw error;
      }
    }
  }

  // Ends early when the client is closed.
  #pause(seconds) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#closing.delete(end);
        resolve();
      };
      const timer = setTimeout(end, seconds * 1000);
      this.#closing.add(end);
      if (this.#isClosed) end();
    });
  }

  #try(service, method, request, requestId, timeout) {
    return new Promise((resolve, reject) => {
      service[method](request, this.metadata(requestId), { deadline: Date.now() + timeout * 1000 },
        (error, answer) => {
          if (error) reject(fromStatus(error, requestId));
          else resolve(answer);
        });
    });
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stream of this.#open) stream.cancel();
    for (const end of this.#closing) end();
    this.#channel.close();
  }
}

// What connect() returns; index.d.ts describes it.
class Client {
  #connection;

  constructor(address, options) {
    this.#connection = new Connection(address, complete(address, options));
  }

  async pending(repository, sha, contexts = [], fields = {}) {
    const answer = await this.#call('reportPending',
      messages.pendingRequest(repository, sha, contexts, fields));
    return answer.receipts.map(messages.receipt);
  }

  async result(repository, sha, result, context = '', fields = {}) {
    const answer = await this.#call('reportResult',
      messages.resultRequest(repository, sha, result, context, fields));
    return messages.receipt(answer.receipt);
  }

  // `context` and `fields` may be left out: the block is the last argument.
  async run(repository, sha, ...rest) {
    const block = rest.pop();
    if (typeof block !== 'function') throw invalid('run: the last argument must be a function');
    const context = typeof rest[0] === 'string' ? rest.shift() : '';
    return runBlock(this, repository, sha, context, rest[0] ?? {}, block);
  }

  reports(options = {}) {
    return this.#connection.add(new ReportStream(this.#connection, options));
  }

  watch(options = {}) {
    return this.#connection.add(new Watch(this.#connection, messages.watchRequest(options)));
  }

  async commitStatus(repository, sha) {
    const request = messages.commitRequest(repository, sha);
    const pages = [];
    do {
      if (pages.length === MOST_PAGES) {
        throw new Error("the pages of the server's answer do not end");
      }
      const page = await this.#call('getCommitStatus', request);
      request.pageToken = page.nextPageToken;
      pages.push(page);
    } while (request.pageToken !== '');
    return messages.commitStatus(pages);
  }

  async serverInfo() {
    return messages.serverInfo(await this.#call('getServerInfo', {}));
  }

  async issueToken(fields = {}) {
    return messages.issuedToken(
      await this.#call('issueToken', messages.issueTokenRequest(fields)));
  }

  async isServing() {
    const answer = await this.#connection.call(this.#connection.health, 'check', {});
    return answer.status === 'SERVING';
  }

  close() {
    this.#connection.close();
  }

  #call(method, request) {
    return this.#connection.call(this.#connection.service, method, request);
  }
}

function connect(address = '127.0.0.1:50051', options = {}) {
  return new Client(address, options);
}

module.exports = { connect };
