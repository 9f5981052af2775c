// Deliveries as GitHub makes them, and what GitHub must show afterwards.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import {
  getJson, secretFileOf, signalbox, startServer, startShim, startSimulator,
} from "./programs.mjs";

export const secret = "It's a Secret to Everybody";
// How a payload's JSON is sent.
export const contentTypes = {
  "application/json": (json) => json,
  "application/x-www-form-urlencoded": (json) => new URLSearchParams({ payload: json }).toString(),
};

// Every payload of the index of @octokit/webhooks-examples.
export function* payloadsOf(events) {
  for (const { name, examples: payloads } of events) {
    for (const payload of payloads) yield { event: name, payload };
  }
}

let count = 0;
// A commit that no other delivery is about.
export function nextSha() {
  count += 1;
  return createHash("sha1").update(String(count)).digest("hex");
}

// The member that a check's event is about.
export function subjectOf(payload) {
  return payload.check_run ?? payload.check_suite;
}

// The payload, for another commit.
export function withCommit(event, payload, sha) {
  const copy = structuredClone(payload);
  if (event === "push") {
    copy.head_commit.id = sha;
  } else if (event === "status") {
    copy.sha = sha;
  } else if (event === "pull_request") {
    copy.pull_request.head.sha = sha;
    // Another pull request, so that no head is older than its newest one.
    count += 1;
    copy.number = copy.pull_request.number = 1000 + count;
  } else {
    (copy.merge_group ?? subjectOf(copy)).head_sha = sha;
  }
  return copy;
}

// All statuses that GitHub got, as "repository sha state", until `done(it)`.
async function told(simulator, done) {
  const all = new Set();
  const deadline = Date.now() + 60000;
  let after = 0;
  for (;;) {
    const { events, next } = await getJson(
      `${simulator.url}/_simulator/events?after=${after}&wait=1`);
    for (const { repository, sha, state } of events) all.add(`${repository} ${sha} ${state}`);
    after = next;
    if (events.length === 0 && done(all)) return all;
    assert.ok(Date.now() < deadline, `GitHub was told only ${[...all].join(", ")}`);
  }
}

// Reports a last pending, and waits until GitHub has got it and everything in
// `expected`. There must be nothing else then.
export async function assertTold(simulator, server, expected) {
  const last = nextSha();
  const { code, output } = await signalbox(["pending", "--server", server.address,
    "--repository", "last/one", "--sha", last]);
  assert.equal(code, 0, output);
  const wanted = [...expected, `last/one ${last} pending`];
  const all = await told(simulator, (seen) => wanted.every((line) => seen.has(line)));
  assert.deepEqual([...all].sort(), wanted.sort());
}

// Starts the simulator, a server and a shim that stop with the test.
export async function startAll(t) {
  const simulator = await startSimulator(["--any-repository"]);
  const server = await startServer(simulator.url);
  const shim = await startShim(server.address, secretFileOf(secret));
  t.after(() => Promise.all([shim, server, simulator].map((program) => program.stop())));
  return { simulator, server, shim };
}
