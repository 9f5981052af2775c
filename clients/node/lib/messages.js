'use strict';

const { invalid } = require('./error.js');

const RESULTS = ['SUCCESS', 'FAILURE', 'ERROR', 'CANCELLED', 'SKIPPED', 'TIMED_OUT', 'NEUTRAL'];
const STATES = ['ERROR', 'FAILURE', 'PENDING', 'SUCCESS'];
const Result = Object.freeze(Object.fromEntries(RESULTS.map((word) => [word, word])));

// ---- What the caller says. A value of the wrong type, or a name that is
// unknown, is refused: the server would never see it.

function text(name, value) {
  if (typeof value !== 'string') throw invalid(`${name}: ${String(value)} is not a string`);
  return value;
}

function flag(name, value) {
  if (typeof value !== 'boolean') throw invalid(`${name}: ${String(value)} is not a boolean`);
  return value;
}

function integer(name, value) {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value.toString();
  if (!Number.isSafeInteger(value)) {
    throw invalid(`${name}: ${String(value)} is not an integer that a number holds exactly; ` +
      'use a bigint of at most 64 bits');
  }
  return String(value);
}

function texts(name, value) {
  if (!Array.isArray(value)) throw invalid(`${name}: ${String(value)} is not an array of strings`);
  return value.map((each) => text(name, each));
}

function duration(name, value) {
  if (!Number.isFinite(value) || Math.abs(value) > 1e11) {
    throw invalid(`${name}: ${String(value)} is not a number of seconds`);
  }
  const seconds = Math.trunc(value);
  return { seconds: String(seconds), nanos: Math.trunc((value - seconds) * 1e9) };
}

function states(name, value) {
  return texts(name, value).map((state) => {
    if (!STATES.includes(state)) {
      throw invalid(`${name}: ${state} is none of ${STATES.join(', ')}`);
    }
    return `COMMIT_STATE_${state}`;
  });
}

const FIELDS_OF_BOTH = {
  attempt: integer,
  series: text,
  description: text,
  targetUrl: text,
  ifSequence: integer,
  newestTextWins: flag,
};
const FIELDS_OF_PENDING = {
  ...FIELDS_OF_BOTH,
  expiresAfter: duration,
  rerun: flag,
  neverExpires: flag,
};
const FIELDS_OF_WATCH = {
  repositories: texts,
  contexts: texts,
  states,
  afterSequence: integer,
};

const FIELDS_OF_TOKEN = {
  repositories: texts,
  contexts: texts,
  rights: texts,
  sha: text,
  series: text,
  attempt: integer,
  validFor: duration,
};

// Undefined and null mean that the field is not set.
function convert(fields, known) {
  const converted = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(known, name)) {
      throw invalid(`${name} is no such field; the fields are ${Object.keys(known).join(', ')}`);
    }
    if (value !== undefined && value !== null) converted[name] = known[name](name, value);
  }
  return converted;
}

function pendingRequest(repository, sha, contexts, fields) {
  return {
    ...convert(fields, FIELDS_OF_PENDING),
    repository: text('repository', repository),
    sha: text('sha', sha),
    contexts: texts('contexts', contexts),
  };
}

function resultRequest(repository, sha, result, context, fields) {
  if (!Object.hasOwn(Result, result)) {
    throw invalid(`result: ${String(result)} is none of ${RESULTS.join(', ')}`);
  }
  return {
    ...convert(fields, FIELDS_OF_BOTH),
    repository: text('repository', repository),
    sha: text('sha', sha),
    context: text('context', context),
    result: `RESULT_${result}`,
  };
}

function watchRequest(fields) {
  return convert(fields, FIELDS_OF_WATCH);
}

function issueTokenRequest(fields) {
  const { validFor, ...narrowing } = convert(fields, FIELDS_OF_TOKEN);
  return { narrowing, validFor };
}

function commitRequest(repository, sha) {
  return { repository: text('repository', repository), sha: text('sha', sha) };
}

// ---- What the server says.

// A number, unless a number cannot hold it: the farm chooses its attempts.
function number(value) {
  const exact = Number(value);
  return Number.isSafeInteger(exact) ? exact : BigInt(value);
}

function time(value) {
  if (value === null) return null;
  return new Date(Number(value.seconds) * 1000 + value.nanos / 1e6);
}

// A newer server may know more words; they come as numbers.
function word(value, prefix) {
  const name = String(value);
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function receipt(message) {
  return {
    context: message.context,
    sequence: number(message.sequence),
    disposition: word(message.disposition, 'DISPOSITION_'),
    warnings: message.warnings,
    expireTime: time(message.expireTime),
    state: word(message.state, 'COMMIT_STATE_'),
    newestAttempt: number(message.newestAttempt),
    newestResult: word(message.newestResult, 'RESULT_'),
    reportTime: time(message.reportTime),
  };
}

function posting(message) {
  if (message === null) return null;
  return {
    state: word(message.state, 'POSTING_STATE_'),
    reason: message.reason,
    tryCount: message.tryCount,
    nextTryTime: time(message.nextTryTime),
    postTime: time(message.postTime),
    overtakenBy: message.overtakenBy,
  };
}

function status(message) {
  return {
    context: message.context,
    state: word(message.state, 'COMMIT_STATE_'),
    result: word(message.result, 'RESULT_'),
    description: message.description,
    targetUrl: message.targetUrl,
    attempt: number(message.attempt),
    series: message.series,
    sequence: number(message.sequence),
    reportSequence: number(message.reportSequence),
    reportTime: time(message.reportTime),
    expireTime: time(message.expireTime),
    posting: posting(message.posting),
  };
}

// The state of the last page is the newest, since it was read last. A watch
// begins after the first page.
function commitStatus(pages) {
  const last = pages.at(-1);
  return {
    repository: last.repository,
    sha: last.sha,
    state: word(last.state, 'COMMIT_STATE_'),
    statuses: pages.flatMap((page) => page.statuses.map(status)),
    sequence: number(pages[0].sequence),
  };
}

function change(message) {
  return {
    sequence: number(message.sequence),
    repository: message.repository,
    sha: message.sha,
    status: status(message.status),
  };
}

function serverInfo(message) {
  return {
    version: message.version,
    revision: message.revision,
    hosts: message.hosts.map(({ name, apiUrl }) => ({ name, apiUrl })),
    features: message.features,
    grants: message.grants && {
      caller: message.grants.caller,
      rights: message.grants.rights,
      repositories: message.grants.repositories,
      contexts: message.grants.contexts,
      tokenExpireTime: time(message.grants.tokenExpireTime),
    },
  };
}

function issuedToken(message) {
  return { token: message.token, expireTime: time(message.grants.tokenExpireTime) };
}

module.exports = {
  Result, change, commitRequest, commitStatus, issueTokenRequest, issuedToken, number,
  pendingRequest, receipt, resultRequest, serverInfo, watchRequest,
};
