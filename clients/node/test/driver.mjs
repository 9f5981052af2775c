// Does what the lines of its input say, for clients/testing/run_vectors.py.

import { createInterface } from 'node:readline';

import { SignalboxError, connect } from 'signalbox';

let client = null;

// Names between the vectors' spelling and ours.
function camel(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}

function camelKeys(object) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [camel(name), value]));
}

function snake(value) {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(snake);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) =>
    [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), snake(each)]));
}

// Calls pending or result of a client or a stream.
async function report(target, kind, request) {
  const { repository, sha, contexts, context, result, ...fields } = camelKeys(request);
  if (kind === 'pending') return target.pending(repository, sha, contexts, fields);
  return [await target.result(repository, sha, result, context, fields)];
}

function answerOf(error) {
  if (!(error instanceof SignalboxError)) throw error;
  const { code, reason, mayHaveBeenAccepted, requestId } = error;
  return { error: { code, reason, mayHaveBeenAccepted, requestId } };
}

const actions = {
  async connect({ options }) {
    client?.close();
    const { address, ...others } = camelKeys(options);
    client = connect(address, others);
    return {};
  },

  async pending({ request }) {
    return { receipts: await report(client, 'pending', request) };
  },

  async result({ request }) {
    return { receipts: await report(client, 'result', request) };
  },

  async run({ request, then }) {
    const { repository, sha, context, ...fields } = camelKeys(request);
    let begun;
    await client.run(repository, sha, context ?? '', fields, async (run) => {
      begun = run;
      for (const step of [then].flat()) {
        const [[verb, text]] = Object.entries(step);
        if (verb === 'raise') throw new Error(text);
        if (verb === 'return') return;
        run[camel(verb)](text);
      }
    });
    return { receipt: begun.receipt };
  },

  async stream({ reports, max_in_flight: maxInFlight }) {
    const stream = client.reports({ maxInFlight });
    const answers = [];
    for (const each of reports) {
      await stream.ready();
      const [[kind, request]] = Object.entries(each);
      answers.push(report(stream, kind, request).then((receipts) => ({ receipts }), answerOf));
    }
    await stream.close();
    return { answers: await Promise.all(answers) };
  },

  async watch({ request, changes: count }) {
    const changes = [];
    for await (const { repository, sha, status } of client.watch(camelKeys(request))) {
      changes.push({ repository, sha, context: status.context, state: status.state });
      if (changes.length === count) break;
    }
    return { changes };
  },

  async commit_status({ request }) {
    return client.commitStatus(request.repository, request.sha);
  },

  async server_info() {
    const { grants, ...info } = await client.serverInfo();
    return { ...info, ...grants };
  },

  async issue_token({ request }) {
    return client.issueToken(camelKeys(request));
  },

  async is_serving() {
    return { serving: await client.isServing() };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const step = JSON.parse(line);
  let answer;
  try {
    answer = { ok: await actions[step.do](step) };
  } catch (error) {
    answer = error instanceof SignalboxError ? answerOf(error) : { raised: error.message };
  }
  process.stdout.write(`${JSON.stringify(snake(answer))}\n`);
}
client?.close();
