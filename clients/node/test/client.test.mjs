import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { Result, SignalboxError, connect } from 'signalbox';
import options from '../lib/options.js';
import { SHA, failure, startFakeServer } from './fake_server.mjs';

const accepted = (context) => ({
  context, sequence: 7, disposition: 'DISPOSITION_ACCEPTED', state: 'COMMIT_STATE_PENDING',
  expireTime: { seconds: 1700000000, nanos: 500000000 }, newestAttempt: '9007199254740993',
});

async function startWith(t, answers, given = {}) {
  const server = await startFakeServer(t, answers);
  const client = connect(server.address, given);
  t.after(() => client.close());
  return { ...server, client };
}

function refused(message) {
  return (error) => error instanceof SignalboxError && error.code === 'INVALID_ARGUMENT' &&
    error.reason === '' && !error.mayHaveBeenAccepted && message.test(error.message);
}

test('both module systems see the same package', () => {
  const required = createRequire(import.meta.url)('signalbox');
  assert.equal(required.SignalboxError, SignalboxError);
  assert.deepEqual(Object.keys(required).sort(), ['Result', 'SignalboxError', 'connect']);
});

test('a pending has all its fields, and its receipts theirs', async (t) => {
  const { client, calls } = await startWith(t, {
    ReportPending: ({ contexts }) => ({ receipts: contexts.map(accepted) }),
  });
  const receipts = await client.pending('acme/app', SHA, ['ci/build'], {
    attempt: 9007199254740993n, series: 'nightly', description: 'begun',
    targetUrl: 'https://ci.example.com', expiresAfter: 90.5, rerun: true, ifSequence: 0,
    newestTextWins: true, neverExpires: true,
  });
  const { request } = calls[0];
  assert.equal(request.attempt, '9007199254740993');
  assert.deepEqual(request.expiresAfter, { seconds: '90', nanos: 500000000 });
  assert.equal(request.ifSequence, '0');
  assert.deepEqual([request.series, request.description, request.targetUrl],
    ['nightly', 'begun', 'https://ci.example.com']);
  assert.ok(request.rerun && request.newestTextWins && request.neverExpires);
  assert.deepEqual(receipts, [{
    context: 'ci/build', sequence: 7, disposition: 'ACCEPTED', warnings: [],
    expireTime: new Date(1700000000500), state: 'PENDING', newestAttempt: 9007199254740993n,
    newestResult: 'UNSPECIFIED', reportTime: null,
  }]);
});

test('what is not given is not set', async (t) => {
  const { client, calls } = await startWith(t, {
    ReportResult: () => ({ receipt: accepted('ci/build') }),
  });
  await client.result('acme/app', SHA, Result.TIMED_OUT, undefined, { attempt: undefined });
  assert.equal(calls[0].request._ifSequence, undefined);
  assert.equal(calls[0].request.context, '');
  assert.equal(calls[0].request.result, 'RESULT_TIMED_OUT');
  assert.equal(calls[0].metadata.authorization, undefined);
});

test('the client refuses what the server would never see', async (t) => {
  const { client, calls } = await startWith(t, {});
  const fields = (given) => client.pending('acme/app', SHA, [], given);
  await assert.rejects(fields({ atempt: 1 }), refused(/^atempt is no such field/));
  await assert.rejects(fields({ attempt: 1.5 }), refused(/^attempt: 1.5 /));
  await assert.rejects(fields({ attempt: 2 ** 53 }), refused(/use a bigint/));
  await assert.rejects(fields({ attempt: 2n ** 63n }), refused(/at most 64 bits/));
  await assert.rejects(fields({ series: 3 }), refused(/^series: 3 is not a string/));
  await assert.rejects(fields({ rerun: 1 }), refused(/^rerun: /));
  await assert.rejects(fields({ expiresAfter: NaN }), refused(/^expiresAfter: /));
  await assert.rejects(client.pending('acme/app', SHA, 'ci/build'), refused(/^contexts: /));
  await assert.rejects(client.pending(undefined, SHA), refused(/^repository: /));
  await assert.rejects(client.result('acme/app', SHA, 'PASSED'), refused(/^result: PASSED/));
  await assert.rejects(client.result('acme/app', SHA, 'SUCCESS', '', { rerun: true }),
    refused(/^rerun is no such field/));
  await assert.rejects(client.run('acme/app', SHA, 'ci/build'), refused(/^run: /));
  assert.throws(() => client.watch({ after_sequence: 0 }), refused(/^after_sequence is no/));
  assert.throws(() => client.watch({ repositories: 'acme/*' }), refused(/^repositories: /));
  assert.throws(() => client.watch({ states: ['GREEN'] }), refused(/^states: GREEN/));
  assert.throws(() => client.reports({ maxInFlight: 0 }), refused(/^maxInFlight: /));
  client.close();
  await assert.rejects(client.serverInfo(), refused(/^the client is closed/));
  assert.deepEqual(calls, []);
});

test('a token goes to this machine, or encrypted', () => {
  for (const address of ['localhost:1', 'LOCALHOST:1', '127.0.0.1:1', '127.9.9.9:1', '[::1]:1',
    'dns:///localhost:1', 'unix:/run/signalbox.sock', 'localhost']) {
    assert.ok(options.isThisMachine(address), address);
  }
  for (const address of ['192.0.2.1:1', '::1:1', '127.0.0.1.example.com:1', 'localhost.:1',
    '[::2]:1', 'dns://127.0.0.1/example.com:1', '127.1:1', 'ipv4:127.0.0.1:1']) {
    assert.ok(!options.isThisMachine(address), address);
    assert.throws(() => connect(address, { token: 't' }), refused(/without TLS, a token/));
  }
  connect('192.0.2.1:1', { token: 't', tls: true }).close();
  connect('192.0.2.1:1').close();
});

test('options that do not fit are refused', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'file.pem');
  writeFileSync(file, 'no certificate');
  const connectTo = (given, address = 'localhost:1') => () => connect(address, given);
  assert.throws(connectTo({ token: 'a b' }), refused(/visible ASCII/));
  assert.throws(connectTo({ token: 't'.repeat(4097) }), refused(/4,096/));
  connectTo({ token: 't'.repeat(4096) })().close();
  for (const name of ['caFile', 'certFile', 'keyFile', 'serverName']) {
    assert.throws(connectTo({ [name]: file }), refused(/not encrypted/));
  }
  assert.throws(connectTo({ tls: true, certFile: file }), refused(/belong together/));
  assert.throws(connectTo({ tls: true, keyFile: file }), refused(/belong together/));
  assert.throws(connectTo({ tls: true, certFile: file, keyFile: file }), refused(/certFile/));
  assert.throws(connectTo({ tls: true, caFile: join(directory, 'none') }), { code: 'NOT_FOUND' });
  assert.throws(connectTo({ tls: true }, 'unix:/run/x'), refused(/leave tls out/));
  assert.throws(connectTo({ tls: 'yes' }), refused(/^tls/));
  assert.throws(connectTo({ retryFor: -1 }), refused(/^retryFor/));
  assert.throws(connectTo({ tryTimeout: 0 }), refused(/^tryTimeout/));
  assert.throws(connectTo({ retries: 3 }), refused(/^retries is no such option/));
  assert.throws(connectTo({}, ''), refused(/^address/));
});

test('the token and the deadline go with each call', async (t) => {
  const { client, calls } = await startWith(t, { GetServerInfo: () => ({}) },
    { token: 'secret', tryTimeout: 3 });
  await client.serverInfo();
  assert.equal(calls[0].metadata.authorization, 'Bearer secret');
  const left = calls[0].deadline - Date.now();
  assert.ok(left > 1000 && left <= 3000, left);
});

test('a commit has the statuses of all pages', async (t) => {
  const pages = {
    '': { statuses: [{ context: 'a', posting: { state: 'POSTING_STATE_DUE' } }],
      nextPageToken: 'more', sequence: 3, state: 'COMMIT_STATE_PENDING' },
    more: { repository: 'acme/app', sha: SHA, statuses: [{ context: 'b' }], sequence: 5,
      state: 'COMMIT_STATE_SUCCESS' },
  };
  const { client } = await startWith(t, {
    GetCommitStatus: ({ pageToken }) => pages[pageToken],
  });
  const commit = await client.commitStatus('acme/app', SHA);
  assert.deepEqual(commit.statuses.map((status) => status.context), ['a', 'b']);
  assert.equal(commit.statuses[0].posting.state, 'DUE');
  assert.equal(commit.statuses[1].posting, null);
  assert.equal(commit.state, 'SUCCESS');
  assert.equal(commit.sequence, 3);
});

test('the health service says whether the server serves', async (t) => {
  let status = 'SERVING';
  const { client } = await startWith(t, { Check: () => ({ status }) });
  assert.equal(await client.isServing(), true);
  status = 'NOT_SERVING';
  assert.equal(await client.isServing(), false);
});

test('an error has code, reason and message', async (t) => {
  const { client } = await startWith(t, {
    ReportResult: () => failure('INVALID_ARGUMENT', { 'signalbox-reason': 'INVALID_SHA' },
      'sha: not one'),
  });
  await assert.rejects(client.result('acme/app', 'main', 'SUCCESS'), {
    name: 'SignalboxError', code: 'INVALID_ARGUMENT', reason: 'INVALID_SHA',
    message: 'sha: not one', mayHaveBeenAccepted: false,
  });
});
