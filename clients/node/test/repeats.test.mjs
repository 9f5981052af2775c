import assert from 'node:assert/strict';
import test from 'node:test';

import { SignalboxError, connect } from 'signalbox';
import { Repeats } from '../lib/repeats.js';
import { SHA, failure, startFakeServer } from './fake_server.mjs';

const PUSHBACK = 'grpc-retry-pushback-ms';

// Answers with `failures`, then with OK. Returns what came of it.
async function report(t, failures, options = {}) {
  const left = [...failures];
  const { address, calls } = await startFakeServer(t, {
    ReportResult: () => left.shift() ?? { receipt: { context: 'ci/build' } },
  });
  const client = connect(address, options);
  t.after(() => client.close());
  const begin = performance.now();
  const error = await client.result('acme/app', SHA, 'SUCCESS').then(() => null, (e) => e);
  return { error, tries: calls.length, seconds: (performance.now() - begin) / 1000 };
}

test('UNAVAILABLE and DEADLINE_EXCEEDED are repeated', async (t) => {
  const { error, tries } = await report(t,
    [failure('UNAVAILABLE'), failure('DEADLINE_EXCEEDED')]);
  assert.equal(error, null);
  assert.equal(tries, 3);
});

test('other errors are final, and say whether the report may be accepted', async (t) => {
  for (const [code, mayBe] of [['INTERNAL', true], ['ABORTED', false], ['UNKNOWN', true],
    ['PERMISSION_DENIED', false], ['RESOURCE_EXHAUSTED', false]]) {
    const { error, tries } = await report(t, [failure(code)]);
    assert.equal(error.code, code);
    assert.equal(error.mayHaveBeenAccepted, mayBe, code);
    assert.equal(tries, 1, code);
  }
});

// The report may have been accepted, so the refusal of a closed client would lie.
test('a client that is closed in a pause ends with the error of the try', async (t) => {
  const tried = {};
  tried.promise = new Promise((resolve) => { tried.resolve = resolve; });
  const { address } = await startFakeServer(t, {
    ReportResult: () => {
      tried.resolve();
      return failure('UNAVAILABLE', { [PUSHBACK]: '20000' });
    },
  });
  const client = connect(address);
  const result = client.result('acme/app', SHA, 'SUCCESS');
  await tried.promise;
  setTimeout(() => client.close(), 100);
  await assert.rejects(result, { code: 'UNAVAILABLE', mayHaveBeenAccepted: true });
});

test('the pause that the server asks for is kept', async (t) => {
  for (const code of ['UNAVAILABLE', 'RESOURCE_EXHAUSTED']) {
    const { error, tries, seconds } = await report(t, [failure(code, { [PUSHBACK]: '300' })]);
    assert.equal(error, null);
    assert.equal(tries, 2);
    assert.ok(seconds >= 0.29, seconds);
  }
});

test('a pause longer than what is left, or none that can be read, ends the call', async (t) => {
  for (const pause of ['5000', '-1', 'soon', '', '99999999999']) {
    const { error, tries } = await report(t, [failure('RESOURCE_EXHAUSTED', { [PUSHBACK]: pause })],
      { retryFor: 2 });
    assert.equal(error.code, 'RESOURCE_EXHAUSTED');
    assert.ok(error.mayHaveBeenAccepted);
    assert.equal(tries, 1, pause);
  }
});

test('without time for repeats there is one try', async (t) => {
  const { error, tries } = await report(t, [failure('UNAVAILABLE')], { retryFor: 0 });
  assert.equal(error.code, 'UNAVAILABLE');
  assert.ok(error.mayHaveBeenAccepted);
  assert.equal(tries, 1);
});

test('the last try begins when the time is over', async (t) => {
  const { error, seconds } = await report(t, Array(99).fill(failure('UNAVAILABLE')),
    { retryFor: 0.5 });
  assert.equal(error.code, 'UNAVAILABLE');
  assert.ok(seconds >= 0.49 && seconds < 1.5, seconds);
});

test('no server listens', async () => {
  const client = connect('127.0.0.1:1', { retryFor: 0.2 });
  await assert.rejects(client.serverInfo(), { code: 'UNAVAILABLE', mayHaveBeenAccepted: true });
  client.close();
});

test('pauses double up to 5 s, less up to a half', () => {
  const repeats = new Repeats(Infinity);
  for (const longest of [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]) {
    const pause = repeats.pauseAfter(new SignalboxError('UNAVAILABLE', ''));
    assert.ok(pause <= longest && pause > longest / 2, `${pause} of ${longest}`);
  }
});

test('a try has at least 2 s', () => {
  assert.equal(new Repeats(0).timeoutOfTry(10), 2);
  assert.equal(new Repeats(60).timeoutOfTry(10), 10);
  assert.equal(new Repeats(60).timeoutOfTry(1), 2);
});
