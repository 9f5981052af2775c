import assert from 'node:assert/strict';
import test from 'node:test';

import { connect } from 'signalbox';
import { SHA, failure, startFakeServer } from './fake_server.mjs';

async function startWith(t, answers, options = {}) {
  const server = await startFakeServer(t, answers);
  const client = connect(server.address, options);
  t.after(() => client.close());
  return { ...server, client };
}

function answer(request, more = {}) {
  return { tag: request.tag, receipts: [{ context: request.result.context }], ...more };
}

// A block's reports, by method.
async function reportsOf(t, block, answers = {}) {
  const { client, calls } = await startWith(t, {
    ReportPending: () => ({ receipts: [{ context: 'ci/build' }] }),
    ReportResult: () => ({ receipt: {} }),
    ...answers,
  });
  const end = await client.run('acme/app', SHA, 'ci/build',
    { attempt: 3, series: 's', description: 'begun', targetUrl: 'https://x', rerun: true,
      ifSequence: 4, expiresAfter: 60 }, block).then((value) => ({ value }), (error) => ({ error }));
  return { ...end, calls, result: calls.at(-1)?.request };
}

test('a run reports a pending, and a success if nothing was said', async (t) => {
  const { value, calls, result } = await reportsOf(t, async (run) => run.receipt.context);
  assert.equal(value, 'ci/build');
  assert.deepEqual(calls.map(({ method }) => method), ['ReportPending', 'ReportResult']);
  assert.deepEqual(calls[0].request.contexts, ['ci/build']);
  assert.equal(result.result, 'RESULT_SUCCESS');
  assert.deepEqual([result.attempt, result.series, result.targetUrl, result.context],
    ['3', 's', 'https://x', 'ci/build']);
  // They are the pending's alone.
  assert.equal(result.description, '');
  assert.equal(result._ifSequence, undefined);
});

test('the last word of a block counts, at its end', async (t) => {
  const { calls, result } = await reportsOf(t, async (run) => {
    run.success('early');
    run.timedOut('late');
    assert.equal(run.receipt.context, 'ci/build');
  });
  assert.equal(calls.length, 2);
  assert.deepEqual([result.result, result.description], ['RESULT_TIMED_OUT', 'late']);
});

test('a block that throws is an error with the first line', async (t) => {
  const thrown = new Error(`${'🚀'.repeat(150)}\nmore`);
  const { error, result } = await reportsOf(t, () => { throw thrown; });
  assert.equal(error, thrown);
  assert.deepEqual([result.result, result.description], ['RESULT_ERROR', '🚀'.repeat(140)]);
  const nothing = await reportsOf(t, () => Promise.reject());
  assert.deepEqual([nothing.error, nothing.result.result], [undefined, 'RESULT_ERROR']);
});

test('a block does not begin without its pending', async (t) => {
  const { error, calls } = await reportsOf(t, () => assert.fail('it began'),
    { ReportPending: () => failure('PERMISSION_DENIED') });
  assert.equal(error.code, 'PERMISSION_DENIED');
  assert.equal(calls.length, 1);
});

test('a result that is not accepted is an error, after that of the block', async (t) => {
  const answers = { ReportResult: () => failure('ABORTED') };
  assert.equal((await reportsOf(t, () => {}, answers)).error.code, 'ABORTED');
  const thrown = new Error('first');
  const { error } = await reportsOf(t, () => { throw thrown; }, answers);
  assert.equal(error, thrown);
  assert.equal(error.cause.code, 'ABORTED');
});

test('a run without a context is about ci/build', async (t) => {
  const { client, calls } = await startWith(t, {
    ReportPending: () => ({ receipts: [{}] }),
    ReportResult: () => ({ receipt: {} }),
  });
  await client.run('acme/app', SHA, () => {});
  assert.deepEqual(calls[0].request.contexts, ['ci/build']);
  assert.equal(calls[1].request.context, 'ci/build');
});

test('unanswered reports go over a new stream, in order', async (t) => {
  const seen = [];
  const { client } = await startWith(t, {
    StreamReports: (call, count) => {
      const contexts = [];
      seen.push(contexts);
      call.on('data', (request) => {
        contexts.push(request.result.context);
        if (count === 1 && contexts.length === 4) {
          call.write(answer({ ...request, tag: '2' }));
          call.emit('error', failure('UNAVAILABLE'));
        } else if (count > 1) {
          call.write(answer(request));
        }
      });
      call.on('end', () => call.end());
    },
  });
  const stream = client.reports({ maxInFlight: 4 });
  const receipts = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((context) =>
    stream.result(`acme/${context}`, SHA, 'SUCCESS', context)));
  await stream.close();
  assert.equal(receipts.length, 5);
  assert.deepEqual(seen, [['a', 'b', 'c', 'd'], ['a', 'c', 'd', 'e']]);
  await assert.rejects(stream.result('acme/app', SHA, 'SUCCESS'), { code: 'INVALID_ARGUMENT' });
});

test('an error of one report is its own, and one with a pause is repeated', async (t) => {
  let tries = 0;
  const { client } = await startWith(t, {
    StreamReports: (call) => {
      call.on('data', (request) => {
        const { context } = request.result;
        if (context === 'bad') {
          call.write({ tag: request.tag, code: 3, reason: 'INVALID_SHA', message: 'bad' });
        } else if (context === 'busy' && ++tries < 3) {
          call.write({ tag: request.tag, code: 8, retryAfter: { seconds: 0, nanos: 100000000 } });
        } else {
          call.write(answer(request));
        }
      });
      call.on('end', () => call.end());
    },
  });
  const stream = client.reports();
  const begin = performance.now();
  const [good, bad, busy] = await Promise.allSettled(['good', 'bad', 'busy'].map((context) =>
    stream.result(`acme/${context}`, SHA, 'SUCCESS', context)));
  assert.equal(good.value.context, 'good');
  assert.deepEqual([bad.reason.code, bad.reason.reason], ['INVALID_ARGUMENT', 'INVALID_SHA']);
  assert.equal(busy.value.context, 'busy');
  assert.ok(performance.now() - begin >= 199);
  await stream.close();
});

test('a report that goes again does not overtake a later one of its commit', async (t) => {
  const seen = [];
  const { client } = await startWith(t, {
    StreamReports: (call) => call.on('data', (request) => {
      const { result, sha } = request.result;
      seen.push(`${result} ${sha.length}`);
      if (seen.length === 1) {
        call.write({ tag: request.tag, code: 14, retryAfter: { seconds: 0, nanos: 50000000 } });
      } else {
        call.write(answer(request));
      }
    }),
  });
  const stream = client.reports();
  await Promise.all([
    stream.result('acme/app', SHA, 'FAILURE'), stream.result('ACME/app', SHA, 'SUCCESS'),
    stream.result('acme/app', `${SHA}a`, 'SUCCESS'),
  ]);
  assert.deepEqual(seen.filter((report) => report.endsWith('40')),
    ['RESULT_FAILURE 40', 'RESULT_FAILURE 40', 'RESULT_SUCCESS 40']);
});

test('a stream is not repeated for ever, nor after a final error', async (t) => {
  for (const code of ['UNAVAILABLE', 'UNAUTHENTICATED']) {
    const { client, calls } = await startWith(t, {
      StreamReports: (call) => call.emit('error', failure(code)),
    }, { retryFor: 0.3 });
    const stream = client.reports();
    await assert.rejects(stream.result('acme/app', SHA, 'SUCCESS'), { code });
    assert.equal(calls.length > 1, code === 'UNAVAILABLE');
    await stream.close();
  }
});

test('a server that owes answers and gives none is left', async (t) => {
  const { client, calls } = await startWith(t, {
    StreamReports: (call, count) => {
      if (count > 1) call.on('data', (request) => call.write(answer(request)));
    },
  }, { tryTimeout: 2 });
  const stream = client.reports();
  await stream.result('acme/app', SHA, 'SUCCESS');
  assert.equal(calls.length, 2);
});

test('ready waits for room, and too large a report fails alone', async (t) => {
  let respond = null;
  const { client } = await startWith(t, {
    StreamReports: (call) => call.on('data', (request) => {
      respond = () => call.write(answer(request));
    }),
  });
  const stream = client.reports({ maxInFlight: 1 });
  const large = stream.result('acme/app', SHA, 'SUCCESS', '', { description: 'x'.repeat(300000) });
  await assert.rejects(large, { code: 'RESOURCE_EXHAUSTED', mayHaveBeenAccepted: false });
  await stream.ready();
  const first = stream.result('acme/app', SHA, 'SUCCESS');
  let isReady = false;
  const ready = stream.ready().then(() => { isReady = true; });
  while (respond === null) await new Promise(setImmediate);
  assert.equal(isReady, false);
  respond();
  await Promise.all([first, ready]);
  const last = stream.result('acme/app', SHA, 'SUCCESS');
  client.close();
  await assert.rejects(last, { code: 'CANCELLED', mayHaveBeenAccepted: true });
});

test('a watch resumes after the last message, a bookmark too', async (t) => {
  const after = [];
  const message = (sequence) =>
    ({ sequence, repository: 'acme/app', sha: SHA, status: { context: `ci/${sequence}` } });
  const { client } = await startWith(t, {
    WatchStatuses: (call, count) => {
      after.push(call.request.afterSequence);
      if (count === 1) {
        [{ sequence: 4 }, message(5), message(6), { sequence: 9 }].forEach((m) => call.write(m));
        call.end();
      } else if (count === 2) {
        call.emit('error', failure('UNAVAILABLE'));
      } else {
        call.write(message(12));
      }
    },
  });
  const watch = client.watch({ repositories: ['acme/*'], afterSequence: 3 });
  assert.equal(watch.sequence, 3);
  const sequences = [];
  for await (const change of watch) {
    sequences.push(change.sequence);
    if (change.sequence === 12) break;
  }
  assert.deepEqual(sequences, [5, 6, 12]);
  assert.deepEqual(after, ['3', '9', '9']);
  assert.equal(watch.sequence, 12);
});

test('a watch that waits can be closed, and a final error is thrown', async (t) => {
  const { client } = await startWith(t, {
    WatchStatuses: (call) => {
      if (call.request.afterSequence === '1') call.emit('error', failure('OUT_OF_RANGE'));
    },
  });
  await assert.rejects(client.watch({ afterSequence: 1 }).next(), { code: 'OUT_OF_RANGE' });
  const watch = client.watch();
  const next = watch.next();
  await new Promise(setImmediate);
  watch.close();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.equal(watch.sequence, null);
});
