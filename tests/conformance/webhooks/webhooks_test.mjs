// Every example payload that GitHub's community has collected goes through the
// real shim and the real server. GitHub (the simulator) must then show exactly
// the commits that should be pending.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import test from "node:test";

import { sign } from "@octokit/webhooks-methods";
import {
  assertTold, contentTypes, nextSha, payloadsOf, secret, startAll, subjectOf, withCommit,
} from "../deliveries.mjs";

const require = createRequire(import.meta.url);
const examples = {
  "github.com": require("@octokit/webhooks-examples/api.github.com/index.json"),
  GHES: ["ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"].flatMap((version) =>
    require(`@octokit/webhooks-examples/${version}/index.json`)),
};

const rerun = { call: "ReportPending", sha: (payload) => subjectOf(payload).head_sha };
const head = { call: "ReportPending", sha: ({ pull_request: { head: { sha } } }) => sha };
const happening = { call: "ReportEvent" };

// What each event and action asks for, by GitHub's documentation alone. Others
// ask for nothing.
const asked = {
  "pull_request opened": head,
  "pull_request reopened": head,
  "pull_request synchronize": head,
  "pull_request ready_for_review": head,
  "push": { call: "ReportPending", sha: (payload) => payload.head_commit?.id },
  "merge_group checks_requested": {
    call: "ReportPending", sha: (payload) => payload.merge_group.head_sha,
  },
  "check_run rerequested": rerun,
  "check_suite rerequested": rerun,
  // Every example is a success.
  "status": { call: "ReportResult", sha: (payload) => payload.sha, observed: true },
  "repository renamed": happening,
  "repository transferred": happening,
  "repository archived": happening,
  "repository unarchived": happening,
  "installation created": happening,
  "installation deleted": happening,
  "installation suspend": happening,
  "installation unsuspend": happening,
  "installation new_permissions_accepted": happening,
  "installation_repositories added": happening,
  "installation_repositories removed": happening,
};
const used = ["ping", "issue_comment", "installation_target",
  ...new Set(Object.keys(asked).map((name) => name.split(" ")[0]))];

function nameOf(event, payload) {
  return [event, payload.action].filter(Boolean).join(" ");
}

// The call that a payload asks for; null if it asks for none.
function callOf(event, payload) {
  const row = asked[nameOf(event, payload)];
  return row?.sha && !row.sha(payload) ? null : row?.call ?? null;
}

// The commit that a payload is about, if it asks for a report on one.
function commitOf(event, payload) {
  return asked[nameOf(event, payload)]?.sha?.(payload) ?? null;
}

// The commit that a payload makes pending at GitHub. Without a configuration,
// tags get no contexts, and the server does not post what GitHub shows.
function pendingCommitOf(event, payload) {
  const isSilent = payload.ref?.startsWith("refs/tags/") || asked[nameOf(event, payload)]?.observed;
  return isSilent ? null : commitOf(event, payload);
}

// A server that takes no events yet has nothing to do for them.
function answersTo(event, payload) {
  const call = callOf(event, payload);
  if (call === null || payload.ref?.startsWith("refs/tags/")) return [200];
  return call === "ReportEvent" ? [200, 202] : [202];
}

function withHost(payload, host) {
  const copy = structuredClone(payload);
  copy.repository.html_url = `https://${host}/${payload.repository.full_name}`;
  return copy;
}

async function deliver(shim, event, payload, contentType, headers = {}) {
  const { status } = await deliverAs(randomUUID(), shim, event, payload, contentType, headers);
  return status;
}

async function deliverAs(id, shim, event, payload, contentType, headers = {}) {
  const body = contentTypes[contentType](JSON.stringify(payload));
  const answer = await fetch(shim.url, {
    method: "POST",
    headers: {
      "content-type": contentType,
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-delivery": id,
      "x-github-event": event,
      "x-hub-signature-256": await sign({ secret, algorithm: "sha256" }, body),
      ...headers,
    },
    body,
  });
  assert.match(await answer.text(), /^[ -~]+\n$/);
  return answer;
}

// What the shim logged of each delivery, by its id. Ends the shim.
async function loggedBy(shim) {
  assert.equal(await shim.stop(), 0);
  const lines = shim.log().trim().split("\n").map((line) => JSON.parse(line));
  return new Map(lines.filter(({ event }) => event === "delivery")
    .map((line) => [line.delivery, line]));
}

test("every example makes its commit pending and no other", async (t) => {
  const { simulator, server, shim } = await startAll(t);
  const expected = new Set();
  let sent = 0;
  for (const { event, payload } of payloadsOf(examples["github.com"])) {
    const sha = pendingCommitOf(event, payload);
    for (const contentType of Object.keys(contentTypes)) {
      const label = `${event} ${payload.action ?? ""} ${contentType}`;
      const status = await deliver(shim, event, payload, contentType);
      assert.ok(answersTo(event, payload).includes(status), `${label}: ${status}`);
      sent += 1;
      if (sha === null) continue;
      const { full_name: name } = payload.repository;
      expected.add(`${name} ${sha} pending`);
      // The examples share a commit or two, so each also gets its own.
      const own = nextSha();
      const copy = withCommit(event, payload, own);
      assert.equal(await deliver(shim, event, copy, contentType), 202, label);
      expected.add(`${name} ${own} pending`);
    }
  }
  assert.ok(sent > 500, `${sent} deliveries`);
  assert.ok(expected.size > 10, `${expected.size} commits`);
  await assertTold(simulator, server, expected);
});

test("every example makes the call that its event asks for", async (t) => {
  const { shim } = await startAll(t);
  const expected = new Map();
  // The examples have no comment that asks for anything, no other base and no
  // pending status.
  const comments = structuredClone(
    [...payloadsOf(examples["github.com"])].filter(({ event }) => event === "issue_comment"));
  for (const { payload } of comments) {
    payload.issue.pull_request = { merged_at: null };
    payload.comment.body = "Flaky.\r\n/retest ci/build\r\n";
  }
  const more = [...payloadsOf(examples["github.com"])].flatMap(({ event, payload }) => {
    if (event === "pull_request") {
      const changes = { base: { ref: { from: "old" }, sha: { from: nextSha() } } };
      return [{ event, payload: { ...payload, action: "edited", changes }, call: "ReportPending" },
        { event, payload: { ...payload, action: "edited", changes: { title: { from: "" } } },
          call: null }];
    }
    if (event !== "status") return [];
    return [{ event, payload: { ...payload, state: "pending" }, call: "ReportPending" },
      { event, payload: { ...payload, state: "error" }, call: "ReportResult" }];
  });
  const all = [
    ...[...payloadsOf(examples["github.com"])].map(({ event, payload }) => (
      { event, payload, call: callOf(event, payload) })),
    ...comments.map(({ event, payload }) => (
      { event, payload, call: payload.action === "created" ? "ReportEvent" : null })),
    ...more,
  ];
  for (const { event, payload, call } of all) {
    for (const contentType of Object.keys(contentTypes)) {
      const id = randomUUID();
      const { status } = await deliverAs(id, shim, event, payload, contentType);
      assert.ok(status === 200 || status === 202, `${nameOf(event, payload)}: ${status}`);
      expected.set(id, { label: `${nameOf(event, payload)} as ${contentType}`, call });
    }
  }
  const logged = await loggedBy(shim);
  for (const [id, { label, call }] of expected) {
    assert.equal(logged.get(id).call || null, call, label);
  }
});

test("a body never passes for another event", async (t) => {
  const { simulator, server, shim } = await startAll(t);
  for (const { event, payload } of payloadsOf(examples["github.com"])) {
    for (const claimed of used) {
      if (claimed === event) continue;
      const status = await deliver(shim, claimed, payload, "application/json");
      // `watch` has no member of its own, and its action is not a repository's.
      const wanted = event === "watch" && claimed === "repository" ? 200 : 400;
      assert.equal(status, wanted, `${nameOf(event, payload)} as ${claimed}`);
    }
  }
  await assertTold(simulator, server, []);
});

test("another host's repository is never taken for one of github.com", async (t) => {
  const { simulator, server, shim } = await startAll(t);
  for (const { event, payload } of payloadsOf(examples.GHES)) {
    const isOther = payload.repository &&
      new URL(payload.repository.html_url).host !== "github.com";
    if (!isOther) continue;
    const status = await deliver(shim, event, payload, "application/json");
    assert.equal(status, commitOf(event, payload) ? 400 : 200, nameOf(event, payload));
  }
  for (const { event, payload } of payloadsOf(examples["github.com"])) {
    if (commitOf(event, payload) === null) continue;
    for (const host of ["ghes.example.com", "github.com.example.com", "www.github.com",
      "github.com:8443", "github.com@example.com", "example.com#github.com"]) {
      const other = withHost(withCommit(event, payload, nextSha()), host);
      for (const contentType of Object.keys(contentTypes)) {
        assert.equal(await deliver(shim, event, other, contentType), 400, `${event} at ${host}`);
      }
    }
  }
  await assertTold(simulator, server, []);
});

test("what is not signed with the secret is refused", async (t) => {
  const { simulator, server, shim } = await startAll(t);
  const { payload } = [...payloadsOf(examples["github.com"])].find(
    ({ event, payload: candidate }) => event === "push" && commitOf(event, candidate));
  for (const [contentType, encode] of Object.entries(contentTypes)) {
    const body = encode(JSON.stringify(payload));
    const other = await sign({ secret: "another", algorithm: "sha256" }, body);
    const sha1 = await sign({ secret, algorithm: "sha1" }, body);
    for (const signature of [other, sha1, "", "sha256=", other.replace("sha256=", "")]) {
      assert.equal(await deliver(shim, "push", payload, contentType,
        { "x-hub-signature-256": signature }), 401, signature);
    }
  }
  await assertTold(simulator, server, []);
});
