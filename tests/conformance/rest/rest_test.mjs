// Tools that speak GitHub's REST API post through Signalbox: its own clients
// in JavaScript and Ruby, and curl. GitHub (the simulator) must then show what
// they said. world.mjs checks every answer against GitHub's description.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Octokit } from "octokit";

import { validateResponse } from "../openapi.mjs";
import { atEnd, scratchDirectory, startRest, startServer, startSimulator } from "../programs.mjs";
import {
  nextSha, nextShaAt, owner, repo, repository, showsAtGitHub, startAll, token,
} from "./world.mjs";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

// A client that does not wait a second between writes, unless `options` say so.
function client(baseUrl, options = { throttle: { enabled: false } }) {
  return new Octokit({ auth: token, baseUrl, retry: { enabled: false }, ...options });
}

const states = ["pending", "success", "failure", "error"];

for (const prefix of ["", "/", "/api/v3", "/api/v3/", "/github.com", "/github.com/api/v3"]) {
  test(`Octokit posts at ${prefix || "the bare address"}`, async (t) => {
    const { simulator, url } = await startAll(t);
    const octokit = client(url + prefix);
    const sha = await nextShaAt(simulator);
    for (const state of states) {
      const { status, data, headers } = await octokit.rest.repos.createCommitStatus({
        owner, repo, sha, state, context: `ci/${state}`, description: `\u{1f680} ${"é".repeat(200)}`,
        target_url: `https://ci.example/${state}` });
      assert.equal(status, 201);
      assert.equal(data.state, state);
      assert.equal(data.target_url, `https://ci.example/${state}`);
      assert.equal([...data.description].length, 140);
      assert.ok(headers.location.startsWith(url), headers.location);
      assert.equal(headers["x-ratelimit-remaining"], undefined);
    }
    const combined = await octokit.rest.repos.getCombinedStatusForRef({ owner, repo, ref: sha });
    assert.equal(combined.data.state, "failure");
    assert.equal(combined.data.total_count, 4);
    await showsAtGitHub(simulator, sha, states.map((state) => [`ci/${state}`, state]));
  });
}

test("Octokit with its plug-ins for limits and retries", async (t) => {
  const { url } = await startAll(t);
  const fail = () => assert.fail("there are no limits");
  const octokit = client(url,
    { throttle: { onRateLimit: fail, onSecondaryRateLimit: fail }, retry: { enabled: true } });
  const sha = nextSha();
  for (const state of ["pending", "success"]) {
    await octokit.rest.repos.createCommitStatus({ owner, repo, sha, state, context: "ci" });
  }
  const { data } = await octokit.rest.repos.listCommitStatusesForRef({ owner, repo, ref: sha });
  assert.deepEqual(data.map(({ state }) => state), ["success", "pending"]);
});

test("pages over 31 contexts", async (t) => {
  const { simulator, url } = await startAll(t);
  const octokit = client(`${url}/api/v3`);
  const sha = await nextShaAt(simulator);
  for (let i = 0; i < 31; ++i) {
    await octokit.rest.repos.createCommitStatus({ owner, repo, sha, state: "success", context: `ci/${i}` });
  }
  for (const per_page of [1, 10, 30, 100]) {
    const all = await octokit.paginate(octokit.rest.repos.listCommitStatusesForRef,
      { owner, repo, ref: sha, per_page });
    assert.equal(new Set(all.map(({ context }) => context)).size, 31, `${per_page}`);
    assert.equal(all.length, 31);
  }
  await showsAtGitHub(simulator, sha,
    Array.from({ length: 31 }, (_, i) => [`ci/${i}`, "success"]));
});

test("the reads that tools make first", async (t) => {
  const { url } = await startAll(t);
  const octokit = client(url);
  const sha = nextSha();
  const { data: repositoryData } = await octokit.rest.repos.get({ owner, repo });
  assert.equal(repositoryData.full_name, repository);
  assert.equal(repositoryData.permissions.push, true);
  assert.equal((await octokit.rest.repos.getCommit({ owner, repo, ref: sha })).data.sha, sha);
  assert.equal((await octokit.rest.users.getByUsername({ username: "octocat" })).data.login, "octocat");
  assert.equal((await octokit.rest.users.getAuthenticated()).data.login, "farm");
  assert.ok((await octokit.rest.rateLimit.get()).data.rate.remaining > 1000);
  await octokit.rest.meta.get();
  await octokit.rest.meta.root();
  await octokit.rest.meta.getAllVersions();
  const empty = await octokit.rest.repos.listCommitStatusesForRef({ owner, repo, ref: sha });
  assert.deepEqual(empty.data, []);
});

test("errors have GitHub's codes and shape", async (t) => {
  const { url } = await startAll(t);
  const octokit = client(url);
  const sha = nextSha();
  const valid = { owner, repo, sha, state: "success", context: "ci" };
  const cases = [
    [422, { ...valid, state: "done" }],
    [422, { ...valid, sha: "0123456" }],
    [422, { ...valid, context: "c".repeat(256) }],
    [404, { ...valid, owner: "other" }],
    [403, { ...valid, context: "other" }],
  ];
  for (const [status, parameters] of cases) {
    const error = await octokit.rest.repos.createCommitStatus(parameters).then(
      () => assert.fail(`${status} expected`), (one) => one);
    assert.equal(error.status, status, error.message);
  }
  const stranger = await client(url, { auth: "unknown", throttle: { enabled: false } })
    .rest.repos.createCommitStatus(valid).then(() => assert.fail("401 expected"), (one) => one);
  assert.equal(stranger.status, 401, stranger.message);
  const nowhere = await fetch(`${url}/repos/${repository}/pulls`,
    { headers: { authorization: `token ${token}` } });
  assert.equal(nowhere.status, 404);
  assert.equal(nowhere.headers.get("content-type"), "application/json; charset=utf-8");
});

test("Octokit repeats what the door refuses while the server is away", async (t) => {
  const { simulator, server, url, proxy } = await startAll(t);
  const octokit = client(url, { throttle: { enabled: false }, retry: { enabled: true } });
  const sha = await nextShaAt(simulator);
  const create = (state) => octokit.rest.repos.createCommitStatus(
    { owner, repo, sha, state, context: "ci" });
  await create("pending");
  const startAgain = await server.pause();
  const created = create("success");
  const refused = "repos/create-commit-status 503";
  while (!proxy.answers.has(refused)) await new Promise((resolve) => setTimeout(resolve, 20));
  await startAgain();
  assert.equal((await created).status, 201);
  await showsAtGitHub(simulator, sha, [["ci", "success"]]);
});

// Resolves with the status and the JSON of the answer.
async function curl(...args) {
  const { stdout } = await run("/usr/bin/curl",
    ["--silent", "--show-error", "--max-time", "30", "--write-out", "\n%{http_code}", ...args]);
  const end = stdout.lastIndexOf("\n");
  const text = stdout.slice(0, end);
  return [Number(stdout.slice(end + 1)), text === "" ? undefined : JSON.parse(text)];
}

test("curl, with each form of the token", async (t) => {
  const { simulator, url: base } = await startAll(t);
  const url = (sha) => `${base}/repos/${repository}/statuses/${sha}`;
  const forms = [
    ["--header", `Authorization: token ${token}`],
    ["--header", `Authorization: bEARER ${token}`],
    ["--user", `someone:${token}`],
    ["--user", `${token}:x-oauth-basic`],
  ];
  for (const form of forms) {
    // -d without a Content-Type says that it is a form.
    const sha = await nextShaAt(simulator);
    const [status, data] = await curl(...form, "-d", '{"state": "success"}', url(sha));
    assert.equal(status, 201, JSON.stringify(data));
    assert.equal(data.context, "default");
    await showsAtGitHub(simulator, sha, [["default", "success"]]);
  }
  for (const form of [[], ["--user", "someone:unknown"], ["--header", "Authorization: token ghp_x"]]) {
    const [status, data] = await curl(...form, "-d", '{"state": "success"}', url(nextSha()));
    assert.equal(status, 401);
    assert.equal(data.message, "Bad credentials");
  }
});

test("curl, with what scripts send", async (t) => {
  // The proxy would hide how curl frames its requests.
  const { shim } = await startAll(t);
  const auth = ["--header", `Authorization: token ${token}`];
  const body = (more) => JSON.stringify({ state: "success", context: "ci", ...more });
  const at = (path) => `${shim.restUrl}${path}`;
  const large = { description: "x".repeat(9 << 10) };
  const tooLarge = join(scratchDirectory(), "body");
  writeFileSync(tooLarge, body({ description: "x".repeat(300 << 10) }));
  const statuses = () => `/repos/${repository}/statuses/${nextSha()}`;
  for (const [wanted, ...args] of [
    [201, "-d", body(large), at(statuses())],
    [201, "-d", body(), at(`/${statuses()}`)],
    [201, "-d", body(), at(`${statuses()}/`)],
    [201, "-d", body(), "--http1.0", at(statuses())],
    [201, "-d", body(), "--header", "Expect: 100-continue", at(statuses())],
    [201, "-d", body(), "--header", "Transfer-Encoding: chunked", at(statuses())],
    [400, "-d", "state=success", at(statuses())],
    [422, "-d", body({ state: "done" }), at(statuses())],
    [403, "-d", body({ context: "other" }), at(statuses())],
    [404, "-d", body(), at(`/repos/other/app/statuses/${nextSha()}`)],
    [413, "--data-binary", `@${tooLarge}`, at(statuses())],
    [404, "--path-as-is", "-d", body(), at(`/repos/x/../${repository}/statuses/${nextSha()}`)],
    [404, "-d", body(), at(`/repos/acme%2Fapp/x/statuses/${nextSha()}`)],
    [404, "-d", body(), at("/repos/acme/app/statuses/a%2Fb")],
    [404, "-X", "DELETE", at(statuses())],
    [403, "--header", "Origin: https://evil.example", "-d", body(), at(statuses())],
  ]) {
    const [status, data] = await curl(...auth, ...args);
    assert.equal(status, wanted, `${args.at(-1)} ${JSON.stringify(data)}`);
    assert.deepEqual(validateResponse("repos/create-commit-status", status, data), []);
  }
});

test("curl, page by page", async (t) => {
  const { simulator, url } = await startAll(t);
  const auth = ["--header", `Authorization: token ${token}`];
  const sha = await nextShaAt(simulator);
  const wanted = Array.from({ length: 31 }, (_, i) => [`ci/${i}`, states[i % states.length]]);
  for (const [context, state] of wanted) {
    const [status] = await curl(...auth, "-d", JSON.stringify({ state, context }),
      `${url}/repos/${repository}/statuses/${sha}`);
    assert.equal(status, 201);
  }
  for (const [path, contextsOf] of [
    [`commits/${sha}/statuses`, (page) => page.map(({ context }) => context)],
    [`commits/${sha}/status`, (page) => page.statuses.map(({ context }) => context)],
    [`statuses/${sha}`, (page) => page.map(({ context }) => context)],
  ]) {
    const contexts = [];
    let next = `${url}/repos/${repository}/${path}?per_page=10`;
    while (next !== undefined) {
      const headers = join(scratchDirectory(), "headers");
      const [status, page] = await curl(...auth, "--dump-header", headers, next);
      assert.equal(status, 200);
      contexts.push(...contextsOf(page));
      next = /^link:.*<([^>]*)>; rel="next"/im.exec(readFileSync(headers, "utf8"))?.[1];
    }
    assert.deepEqual(contexts, wanted.map(([context]) => context).reverse(), path);
  }
  await showsAtGitHub(simulator, sha, wanted);
});

test("GitHub's Ruby client", async (t) => {
  const { simulator, url } = await startAll(t);
  for (const prefix of ["", "/api/v3", "/github.com/api/v3"]) {
    // Fails, with the output, if the program does.
    await run("/usr/bin/ruby",
      [join(here, "octokit.rb"), `${url}${prefix}`, token, simulator.url]);
  }
});

test("without callers, only programs on this machine", async (t) => {
  const simulator = await startSimulator();
  atEnd(t, simulator.stop);
  const server = await startServer(simulator.url);
  atEnd(t, server.stop);
  const shim = await startRest(server.address);
  atEnd(t, shim.stop);
  const url = `${shim.restUrl}/repos/${repository}/statuses/${nextSha()}`;
  const body = ["-d", '{"state": "success"}'];
  assert.equal((await curl(...body, url))[0], 201);
  for (const header of ["Host: box.example", "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1"]) {
    const [status, data] = await curl(...body, "--header", header, url);
    assert.equal(status, 401, header);
    assert.match(data.message, /callers/);
  }
});
