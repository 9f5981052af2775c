// Tools that speak GitHub's REST API post through Signalbox: its own clients
// in JavaScript and Ruby, and curl. GitHub (the simulator) must then show what
// they said, and every answer must be valid by GitHub's OpenAPI description.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Octokit } from "octokit";

import { validateResponse } from "../openapi.mjs";
import {
  postJson, scratchDirectory, shown, startRest, startServer, startSimulator,
} from "../programs.mjs";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const owner = "acme";
const repo = "app";
const repository = `${owner}/${repo}`;
const token = "caller_token_of_the_farm";

let shas = 0;
function nextSha() {
  shas += 1;
  return createHash("sha1").update(`rest ${shas}`).digest("hex");
}

// The same for a commit that GitHub has.
async function nextShaAt(simulator) {
  const sha = nextSha();
  await postJson(`${simulator.url}/_simulator/repositories`,
    { full_name: repository, commits: [sha] });
  return sha;
}

// Everything, with one caller that may report and read.
async function startAll(t) {
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
  t.after(async () => {
    await shim.stop();
    await server.stop();
    await simulator.stop();
  });
  return { simulator, server, shim };
}

// A client whose every answer is checked. It does not wait a second between
// writes, unless `options` say so.
function client(baseUrl, options = { throttle: { enabled: false } }) {
  const octokit = new Octokit({ auth: token, baseUrl, retry: { enabled: false }, ...options });
  const problems = [];
  octokit.hook.after("request", (response, request) => {
    const operation = OPERATIONS[`${request.method} ${request.url}`];
    if (operation === undefined) return;
    for (const problem of validateResponse(operation, response.status, response.data)) {
      problems.push(`${operation} ${response.status}: ${problem}`);
    }
  });
  return { octokit, problems };
}

const OPERATIONS = {
  "POST /repos/{owner}/{repo}/statuses/{sha}": "repos/create-commit-status",
  "GET /repos/{owner}/{repo}/commits/{ref}/statuses": "repos/list-commit-statuses-for-ref",
  "GET /repos/{owner}/{repo}/commits/{ref}/status": "repos/get-combined-status-for-ref",
  "GET /repos/{owner}/{repo}/commits/{ref}": "repos/get-commit",
  "GET /repos/{owner}/{repo}": "repos/get",
  "GET /users/{username}": "users/get-by-username",
  "GET /user": "users/get-authenticated",
  "GET /rate_limit": "rate-limit/get",
  "GET /meta": "meta/get",
};

const states = ["pending", "success", "failure", "error"];

for (const prefix of ["", "/", "/api/v3", "/api/v3/", "/github.com", "/github.com/api/v3"]) {
  test(`Octokit posts at ${prefix || "the bare address"}`, async (t) => {
    const { simulator, shim } = await startAll(t);
    const { octokit, problems } = client(shim.restUrl + prefix);
    const sha = await nextShaAt(simulator);
    for (const state of states) {
      const { status, data, headers } = await octokit.rest.repos.createCommitStatus({
        owner, repo, sha, state, context: `ci/${state}`, description: `\u{1f680} ${"é".repeat(200)}`,
        target_url: `https://ci.example/${state}` });
      assert.equal(status, 201);
      assert.equal(data.state, state);
      assert.equal(data.target_url, `https://ci.example/${state}`);
      assert.equal([...data.description].length, 140);
      assert.ok(headers.location.startsWith(shim.restUrl), headers.location);
      assert.equal(headers["x-ratelimit-remaining"], undefined);
    }
    const combined = await octokit.rest.repos.getCombinedStatusForRef({ owner, repo, ref: sha });
    assert.equal(combined.data.state, "failure");
    assert.equal(combined.data.total_count, 4);
    const there = await shown(simulator.url, repository, sha, (commit) => commit.shown.length === 4);
    assert.deepEqual(there.shown.map(({ context, state }) => [context, state]).sort(),
      states.map((state) => [`ci/${state}`, state]).sort());
    assert.deepEqual(problems, []);
  });
}

test("Octokit with its plug-ins for limits and retries", async (t) => {
  const { shim } = await startAll(t);
  const fail = () => assert.fail("there are no limits");
  const { octokit, problems } = client(shim.restUrl,
    { throttle: { onRateLimit: fail, onSecondaryRateLimit: fail }, retry: { enabled: true } });
  const sha = nextSha();
  for (const state of ["pending", "success"]) {
    await octokit.rest.repos.createCommitStatus({ owner, repo, sha, state, context: "ci" });
  }
  const { data } = await octokit.rest.repos.listCommitStatusesForRef({ owner, repo, ref: sha });
  assert.deepEqual(data.map(({ state }) => state), ["success", "pending"]);
  assert.deepEqual(problems, []);
});

test("pages over 31 contexts", async (t) => {
  const { shim } = await startAll(t);
  const { octokit, problems } = client(`${shim.restUrl}/api/v3`);
  const sha = nextSha();
  for (let i = 0; i < 31; ++i) {
    await octokit.rest.repos.createCommitStatus({ owner, repo, sha, state: "success", context: `ci/${i}` });
  }
  for (const per_page of [1, 10, 30, 100]) {
    const all = await octokit.paginate(octokit.rest.repos.listCommitStatusesForRef,
      { owner, repo, ref: sha, per_page });
    assert.equal(new Set(all.map(({ context }) => context)).size, 31, `${per_page}`);
    assert.equal(all.length, 31);
  }
  assert.deepEqual(problems, []);
});

test("the reads that tools make first", async (t) => {
  const { shim } = await startAll(t);
  const { octokit, problems } = client(shim.restUrl);
  const sha = nextSha();
  const { data: repositoryData } = await octokit.rest.repos.get({ owner, repo });
  assert.equal(repositoryData.full_name, repository);
  assert.equal(repositoryData.permissions.push, true);
  assert.equal((await octokit.rest.repos.getCommit({ owner, repo, ref: sha })).data.sha, sha);
  assert.equal((await octokit.rest.users.getByUsername({ username: "octocat" })).data.login, "octocat");
  assert.equal((await octokit.rest.users.getAuthenticated()).data.login, "farm");
  assert.ok((await octokit.rest.rateLimit.get()).data.rate.remaining > 1000);
  await octokit.rest.meta.get();
  const empty = await octokit.rest.repos.listCommitStatusesForRef({ owner, repo, ref: sha });
  assert.deepEqual(empty.data, []);
  assert.deepEqual(problems, []);
});

test("errors have GitHub's codes and shape", async (t) => {
  const { shim } = await startAll(t);
  const { octokit } = client(shim.restUrl);
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
    assert.deepEqual(
      validateResponse("repos/create-commit-status", status, error.response.data), []);
  }
  const nowhere = await fetch(`${shim.restUrl}/repos/${repository}/pulls`,
    { headers: { authorization: `token ${token}` } });
  assert.equal(nowhere.status, 404);
  assert.equal(nowhere.headers.get("content-type"), "application/json; charset=utf-8");
});

test("reports of one context are shown in the order in which they came", async (t) => {
  const { simulator, shim } = await startAll(t);
  const { octokit } = client(shim.restUrl);
  const sha = await nextShaAt(simulator);
  for (let i = 0; i < 20; ++i) {
    await octokit.rest.repos.createCommitStatus({
      owner, repo, sha, state: states[i % states.length], context: "ci", description: `${i}` });
  }
  const there = await shown(simulator.url, repository, sha,
    (commit) => commit.shown.some(({ description }) => description === "19"));
  const posted = there.rows.map(({ description }) => Number(description));
  assert.deepEqual(posted, [...posted].sort((a, b) => a - b));
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
  const { shim } = await startAll(t);
  const url = (sha) => `${shim.restUrl}/repos/${repository}/statuses/${sha}`;
  const forms = [
    ["--header", `Authorization: token ${token}`],
    ["--header", `Authorization: bEARER ${token}`],
    ["--user", `someone:${token}`],
    ["--user", `${token}:x-oauth-basic`],
  ];
  for (const form of forms) {
    // -d without a Content-Type says that it is a form.
    const [status, data] = await curl(...form, "-d", '{"state": "success"}', url(nextSha()));
    assert.equal(status, 201, JSON.stringify(data));
    assert.equal(data.context, "default");
    assert.deepEqual(validateResponse("repos/create-commit-status", 201, data), []);
  }
  for (const form of [[], ["--user", "someone:unknown"], ["--header", "Authorization: token ghp_x"]]) {
    const [status, data] = await curl(...form, "-d", '{"state": "success"}', url(nextSha()));
    assert.equal(status, 401);
    assert.equal(data.message, "Bad credentials");
  }
});

test("curl, with what scripts send", async (t) => {
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
    [413, "--data-binary", `@${tooLarge}`, at(statuses())],
    [404, "--path-as-is", "-d", body(), at(`/repos/x/../${repository}/statuses/${nextSha()}`)],
    [404, "-d", body(), at(`/repos/acme%2Fapp/x/statuses/${nextSha()}`)],
    [404, "-d", body(), at("/repos/acme/app/statuses/a%2Fb")],
    [404, "-X", "DELETE", at(statuses())],
    [403, "--header", "Origin: https://evil.example", "-d", body(), at(statuses())],
  ]) {
    const [status, data] = await curl(...auth, ...args);
    assert.equal(status, wanted, `${args.at(-1)} ${JSON.stringify(data)}`);
  }
});

test("GitHub's Ruby client", async (t) => {
  const { shim } = await startAll(t);
  for (const prefix of ["", "/api/v3", "/github.com/api/v3"]) {
    // Fails, with the output, if the program does.
    await run("/usr/bin/ruby", [join(here, "octokit.rb"), `${shim.restUrl}${prefix}`, token]);
  }
});

test("without callers, only programs on this machine", async (t) => {
  const simulator = await startSimulator();
  const server = await startServer(simulator.url);
  const shim = await startRest(server.address);
  t.after(async () => {
    await shim.stop();
    await server.stop();
    await simulator.stop();
  });
  const url = `${shim.restUrl}/repos/${repository}/statuses/${nextSha()}`;
  const body = ["-d", '{"state": "success"}'];
  assert.equal((await curl(...body, url))[0], 201);
  for (const header of ["Host: box.example", "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1"]) {
    const [status, data] = await curl(...body, "--header", header, url);
    assert.equal(status, 401, header);
    assert.match(data.message, /callers/);
  }
});
