// Tools that keep their GitHub token use one address for everything: Octokit in
// JavaScript and Ruby, and PyGithub. Signalbox takes their statuses over, and
// GitHub (the simulator) answers the rest. SIGNALBOX_PYTHON is an interpreter
// with PyGithub.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Octokit } from "octokit";

import { getJson } from "../programs.mjs";
import {
  farmToken, keeperToken, startAll, strangeToken, toolToken,
} from "./forward_world.mjs";
import { newCertificate, nginxProgram } from "./nginx.mjs";
import { nextShaAt, owner, repo, repository, showsAtGitHub } from "./world.mjs";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

function client(baseUrl, auth = toolToken) {
  return new Octokit(
    { auth, baseUrl, retry: { enabled: false }, throttle: { enabled: false } });
}

// All URLs of GitHub's API in `value` must lead to the door at `base`.
function leadsTo(base, value, path = "") {
  if (value === null || typeof value !== "object") return;
  for (const [name, inner] of Object.entries(value)) {
    leadsTo(base, inner, `${path}/${name}`);
    const isApi = name === "url" && typeof inner === "string" && !path.endsWith("/config");
    if (isApi) assert.ok(inner.startsWith(`${base}/`), `${path}/${name}: ${inner}`);
  }
}

for (const prefix of ["", "/api/v3", "/github.com/api/v3"]) {
  test(`Octokit at ${prefix || "the bare address"}`, async (t) => {
    const { simulator, url, authorizations } = await startAll(t);
    const base = url + prefix;
    const octokit = client(base);
    const { repos, pulls } = octokit.rest;
    const { data: found } = await repos.get({ owner, repo });
    assert.equal(found.statuses_url, `${base}/repos/${repository}/statuses/{sha}`);
    assert.equal(found.html_url, `https://github.com/${repository}`);
    assert.equal(found.permissions.admin, true);
    leadsTo(base, found);

    const pages = [];
    for await (const { url: page, data } of octokit.paginate.iterator(
      pulls.list, { owner, repo, per_page: 10 })) {
      assert.ok(page.startsWith(`${base}/`), page);
      leadsTo(base, data);
      pages.push(data.length);
    }
    assert.deepEqual(pages, [10, 10, 5]);
    const { data: pull, headers } = await pulls.get({ owner, repo, pull_number: 1 });
    const unchanged = await pulls.get(
      { owner, repo, pull_number: 1, headers: { "if-none-match": headers.etag } })
      .then(() => assert.fail("304 expected"), (one) => one);
    assert.equal(unchanged.status, 304);
    const { data: commit } = await repos.getCommit({ owner, repo, ref: pull.head.sha });
    // GitHub's: Signalbox knows no message.
    assert.equal(commit.commit.message, "Say hello");
    leadsTo(base, commit);
    const { data: hooks } = await repos.listWebhooks({ owner, repo });
    assert.equal(hooks.length, 1);
    await repos.pingWebhook({ owner, repo, hook_id: hooks[0].id });
    // GitHub's redirect leads back here.
    const { url: moved, data: same } = await repos.get({ owner, repo: "old" });
    assert.equal(same.id, found.id);
    assert.ok(moved.startsWith(`${base}/repositories/`), moved);

    const { data: status } = await repos.createCommitStatus(
      { owner, repo, sha: pull.head.sha, state: "success", context: "ci/lint" });
    assert.ok(status.id > 2 ** 52, `${status.id}`);
    const { data: statuses } = await repos.listCommitStatusesForRef(
      { owner, repo, ref: pull.head.sha });
    assert.deepEqual(statuses.map(({ id }) => id), [status.id]);
    leadsTo(base, [status, statuses]);
    await showsAtGitHub(simulator, pull.head.sha, [["ci/lint", "success"]]);
    assert.deepEqual([...new Set(authorizations)].sort(), ["Bearer token", `token ${toolToken}`]);
  });
}

test("GitHub answers what Signalbox does not serve", async (t) => {
  const { url } = await startAll(t);
  const octokit = client(url);
  const { headers } = await octokit.rest.rateLimit.get();
  assert.equal(headers["x-ratelimit-limit"], "5000");
  const { data: root } = await octokit.rest.meta.root();
  assert.equal(root.repository_url, `${url}/repos/{owner}/{repo}`);
  assert.equal(root.served, undefined);
  assert.equal((await octokit.rest.users.getByUsername({ username: "octocat" })).data.id > 0, true);
  await octokit.rest.meta.get();
  const refused = await octokit.rest.pulls.get({ owner, repo, pull_number: 1000 })
    .then(() => assert.fail("404 expected"), (one) => one);
  assert.equal(refused.status, 404);
  // What GitHub has for another repository is GitHub's matter.
  const other = await octokit.rest.repos.get({ owner: "other", repo })
    .then(() => assert.fail("404 expected"), (one) => one);
  assert.equal(other.status, 404);
});

test("no other token reaches GitHub", async (t) => {
  const { simulator, url, authorizations } = await startAll(t);
  const sha = await nextShaAt(simulator);
  const valid = { owner, repo, sha, state: "success", context: "ci/a" };
  const statusOf = (promise) => promise.then(({ status }) => status, ({ status }) => status);
  for (const [token, read, post] of [
    [strangeToken, 401, 401], [keeperToken, 404, 201], [farmToken, 404, 201],
  ]) {
    const { rest } = client(url, token);
    assert.equal(await statusOf(rest.pulls.list({ owner, repo })), read, token);
    assert.equal(await statusOf(rest.repos.listWebhooks({ owner, repo })), read, token);
    assert.equal(await statusOf(rest.repos.createCommitStatus(valid)), post, token);
  }
  assert.equal(await statusOf(client(url, null).rest.pulls.list({ owner, repo })), 404);
  await showsAtGitHub(simulator, sha, [["ci/a", "success"]]);
  assert.deepEqual([...new Set(authorizations)], ["Bearer token"]);
  // Nothing came past the proxy that noted them.
  const { request_count } = await getJson(`${simulator.url}/_simulator/counters`);
  assert.equal(authorizations.length, request_count);
});

const CLIENTS = [
  ["GitHub's Ruby client", "/usr/bin/ruby", "forward.rb"],
  ["PyGithub", process.env.SIGNALBOX_PYTHON, "python/forward.py"],
];

async function runClient([, program, script], { simulator, url, authorizations }, prefix, env = {}) {
  const sha = await nextShaAt(simulator);
  // Fails, with the output, if the program does.
  await run(program, [join(here, script), url + prefix, toolToken, sha],
    { timeout: 60000, env: { PATH: process.env.PATH, HOME: process.env.HOME,
      PYTHONDONTWRITEBYTECODE: "1", ...env } });
  await showsAtGitHub(simulator, sha, [["ci/lint", "success"]]);
  assert.deepEqual([...new Set(authorizations)].sort(), ["Bearer token", `token ${toolToken}`]);
}

for (const client of CLIENTS) {
  for (const prefix of ["", "/api/v3"]) {
    test(`${client[0]} at ${prefix || "the bare address"}`, async (t) =>
      runClient(client, await startAll(t), prefix));
  }
  test(`${client[0]} through nginx`,
    { skip: nginxProgram ? false : "needs nginx: scripts/install-nginx" }, async (t) => {
      const certificate = newCertificate();
      await runClient(client, await startAll(t, certificate), "/api/v3",
        { SSL_CERT_FILE: certificate.cert, REQUESTS_CA_BUNDLE: certificate.cert });
    });
}
