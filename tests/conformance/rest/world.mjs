// What tests of the door for GitHub's REST API need: the simulator as GitHub, a
// server with one caller, and a shim whose door is behind a proxy that checks
// every answer against GitHub's description.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  atEnd, digestFileOf, postJson, scratchDirectory, secretFileOf, shown, startRest, startServer,
  startSimulator,
} from "../programs.mjs";
import { startValidatingProxy } from "../validating_proxy.mjs";

export const owner = "acme";
export const repo = "app";
export const repository = `${owner}/${repo}`;
// Who creates statuses: a bot, until the server has posted for the first time
// and knows GitHub's user.
export const creators = ["signalbox", "user-1"];
// A caller that may report `ci*` and `default` for `repository`, and read.
export const token = "caller_token_of_the_farm";
const shimToken = "caller_token_of_the_shim";

let shas = 0;
export function nextSha() {
  shas += 1;
  return createHash("sha1").update(`rest ${process.pid} ${shas}`).digest("hex");
}

// The same for a commit that GitHub has.
export async function nextShaAt(simulator) {
  const sha = nextSha();
  await postJson(`${simulator.url}/_simulator/repositories`,
    { full_name: repository, commits: [sha] });
  return sha;
}

// A path without what the door takes off: the prefix, doubled slashes, and a
// slash at the end.
export function pathAtGitHub(path) {
  const single = path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
  return single.replace(/^\/github\.com(?=\/|$)/, "").replace(/^\/api\/v3(?=\/|$)/, "") || "/";
}

// The configuration of a server with both callers.
function configuration() {
  const file = join(scratchDirectory(), "server.yaml");
  writeFileSync(file, `
callers:
- name: farm
  token_sha256_file: ${digestFileOf(token)}
  repositories: [${repository}]
  contexts: ["ci*", default]
  rights: [report, read]
- name: shim
  token_sha256_file: ${digestFileOf(shimToken)}
  repositories: [${repository}]
  contexts: ["*"]
  rights: [report, webhook]
repositories:
- match: ${repository}
  contexts: []
`);
  return file;
}

// Ends `proxy` at the end of the test `t`, which fails if an answer was not as
// GitHub describes it. Problems that match `forgiven` do not count.
export function endCleanly(t, proxy, forgiven = /^$/) {
  atEnd(t, () => {
    proxy.close();
    assert.deepEqual(proxy.problems.filter((one) => !forgiven.test(one)), []);
  });
}

// Starts everything; the test `t` stops it. -> { simulator, server, shim, proxy,
// url }; clients use `url`. Webhooks make no context pending. `server.pause()`
// stops the server and resolves with a function that starts it again.
export async function startAll(t) {
  const simulator = await startSimulator();
  atEnd(t, simulator.stop);
  const args = ["--config", configuration()];
  const server = await startServer(simulator.url, args);
  let running = server;
  atEnd(t, () => running.stop());
  server.pause = async () => {
    await running.stop();
    return async () => {
      running = await startServer(simulator.url, args,
        { listen: server.address, dataDir: server.dataDir });
    };
  };
  const shim = await startRest(server.address, ["--token-file", secretFileOf(shimToken)]);
  atEnd(t, shim.stop);
  const proxy = await startValidatingProxy({ pathOf: pathAtGitHub });
  proxy.setTarget(shim.restUrl);
  endCleanly(t, proxy);
  return { simulator, server, shim, proxy, url: proxy.url };
}

// Pushes `sha` to a branch: Signalbox learns from the webhook where it is.
export async function push({ simulator, shim }, branch, sha) {
  const { status, body } = await postJson(`${simulator.url}/_simulator/webhooks`, {
    event: "push", repository, branch, sha, url: `http://${shim.values[0]}/event_handler` });
  // It makes no context pending.
  assert.equal(status, 200, body);
}

// Resolves once GitHub shows exactly `wanted` of a commit: [context, state] of
// each context, in any order.
export async function showsAtGitHub(simulator, sha, wanted) {
  const sorted = [...wanted].sort();
  const commit = await shown(simulator.url, repository, sha,
    ({ shown: rows }) => rows.length >= wanted.length &&
      rows.every(({ context, state }) =>
        wanted.some(([name, last]) => name === context && last === state)));
  assert.deepEqual(commit.shown.map(({ context, state }) => [context, state]).sort(), sorted);
  return commit;
}
