// What tests of the door for GitHub's REST API need: the simulator as GitHub, a
// server with one caller, and a shim whose door is behind a proxy that checks
// every answer against GitHub's description.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  postJson, scratchDirectory, shown, startRest, startServer, startSimulator,
} from "../programs.mjs";
import { startValidatingProxy } from "../validating_proxy.mjs";

export const owner = "acme";
export const repo = "app";
export const repository = `${owner}/${repo}`;
// A caller that may report `ci*` and `default` for `repository`, and read.
export const token = "caller_token_of_the_farm";

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

// Starts everything; the test `t` stops it. -> { simulator, server, shim, proxy,
// url }; clients use `url`. The test fails if an answer was not as GitHub
// describes it.
export async function startAll(t) {
  const simulator = await startSimulator();
  const directory = scratchDirectory();
  const digest = createHash("sha256").update(token).digest("hex");
  const digestFile = join(directory, "farm.sha256");
  writeFileSync(digestFile, `${digest}\n`, { mode: 0o600 });
  const config = join(directory, "server.yaml");
  writeFileSync(config, [
    "callers:", "- name: farm", `  token_sha256_file: ${digestFile}`,
    `  repositories: [${repository}]`, "  contexts: [\"ci*\", default]",
    "  rights: [report, read]", ""].join("\n"));
  const server = await startServer(simulator.url, ["--config", config]);
  const shim = await startRest(server.address);
  const proxy = await startValidatingProxy({ pathOf: pathAtGitHub });
  proxy.setTarget(shim.restUrl);
  t.after(async () => {
    proxy.close();
    await shim.stop();
    await server.stop();
    await simulator.stop();
    assert.deepEqual(proxy.problems, []);
  });
  return { simulator, server, shim, proxy, url: proxy.url };
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
