'use strict';

const { invalid } = require('./error.js');

const DEFAULT_CONTEXT = 'ci/build';
const LONGEST_DESCRIPTION = 140;  // Characters that GitHub shows.
const FIELDS_OF_RESULT = ['attempt', 'series', 'targetUrl', 'newestTextWins'];

// What the block gets: it says how the run ends. The last word counts.
class Run {
  #verdict = null;

  constructor(receipt) {
    this.receipt = receipt;
  }

  success(description = '') { this.#end('SUCCESS', description); }
  failure(description = '') { this.#end('FAILURE', description); }
  error(description = '') { this.#end('ERROR', description); }
  cancelled(description = '') { this.#end('CANCELLED', description); }
  skipped(description = '') { this.#end('SKIPPED', description); }
  timedOut(description = '') { this.#end('TIMED_OUT', description); }
  neutral(description = '') { this.#end('NEUTRAL', description); }

  #end(result, description) {
    if (typeof description !== 'string') throw invalid('description: wanted a string');
    this.#verdict = { result, description };
  }

  static verdictOf(run) {
    return run.#verdict;
  }
}

// In code points, so that no character is cut in two.
function firstLine(thrown) {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  const [line] = text.trim().split(/[\r\n]/, 1);
  return [...line].slice(0, LONGEST_DESCRIPTION).join('');
}

// The block's own error goes on, and says that its result was not reported.
function attach(thrown, error) {
  if (thrown instanceof Error && thrown.cause === undefined && Object.isExtensible(thrown)) {
    thrown.cause = error;
  } else {
    process.emitWarning(`the result of a run was not reported: ${error.message}`);
  }
}

// Reports a pending, then calls `block`, then reports the result.
async function runBlock(client, repository, sha, context, fields, block) {
  const contexts = [context || DEFAULT_CONTEXT];
  const [receipt] = await client.pending(repository, sha, contexts, fields);
  const run = new Run(receipt);
  let value;
  let thrown = null;
  try {
    value = await block(run);
  } catch (error) {
    thrown = { error };  // Even undefined can be thrown.
  }
  const { result, description } = Run.verdictOf(run) ?? (thrown === null ?
    { result: 'SUCCESS', description: '' } :
    { result: 'ERROR', description: firstLine(thrown.error) });
  const shared = Object.fromEntries(FIELDS_OF_RESULT.map((name) => [name, fields[name]]));
  try {
    run.receipt = await client.result(repository, sha, result, contexts[0],
      { ...shared, description: description || undefined });
  } catch (error) {
    if (thrown === null) throw error;
    attach(thrown.error, error);
  }
  if (thrown !== null) throw thrown.error;
  return value;
}

module.exports = { runBlock };
