// GitHub's own JavaScript client drives the simulator.
//
//   node octokit.mjs BASE_URL     the simulator, started with --token token

import assert from "node:assert/strict";

import { App, Octokit } from "octokit";

import { baseUrl, client, clientOptions, control, failure, newKey, run } from "./client.mjs";

const repository = { owner: "octo-org", repo: "conformance-node" };
const fullName = `${repository.owner}/${repository.repo}`;
const sha = "1234567890abcdef1234567890abcdef12345678";
const lateSha = "fedcba0987654321fedcba0987654321fedcba09";

const octokit = client("token");

function create(fields, at = {}) {
  return octokit.rest.repos.createCommitStatus({ ...repository, sha, ...at, ...fields });
}

const { id: repositoryId } = await control("repositories", {
  full_name: fullName,
  commits: [sha],
});

const tests = {
  async "creates a status with every field"() {
    const before = Date.now();
    const { status, data, headers } = await create({
      state: "pending",
      context: "CI/Build",
      description: "Compiling für alle…",
      target_url: "https://ci.example.com/builds/7?tab=log#L1",
    });
    assert.equal(status, 201);
    assert.equal(headers.location, `${baseUrl}/repos/${fullName}/statuses/${sha}`);
    assert.equal(data.url, headers.location);
    assert.equal(data.state, "pending");
    assert.equal(data.context, "CI/Build");
    assert.equal(data.description, "Compiling für alle…");
    assert.equal(data.target_url, "https://ci.example.com/builds/7?tab=log#L1");
    assert.ok(data.id > 2 ** 32 && Number.isSafeInteger(data.id));
    assert.match(data.node_id, /^\S+$/);
    assert.equal(data.avatar_url, data.creator.avatar_url);
    assert.match(data.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(data.updated_at, data.created_at);
    assert.ok(Math.abs(Date.parse(data.created_at) - before) < 5000);
    assert.equal(data.creator.type, "User");
    assert.equal(headers["x-ratelimit-limit"], "5000");
    assert.equal(headers["x-ratelimit-resource"], "core");
    assert.ok(headers["x-github-request-id"]);
    assert.ok(Date.parse(headers.date));
  },

  async "fills in defaults"() {
    const { data } = await create({ state: "success" });
    assert.equal(data.context, "default");
    assert.equal(data.description, null);
    assert.equal(data.target_url, null);
  },

  async "reads the combined status"() {
    await create({ state: "success", context: "ci/build" });
    await create({ state: "error", context: "ci/lint" });
    const read = async () =>
      (await octokit.rest.repos.getCombinedStatusForRef({ ...repository, ref: sha })).data;
    const failed = await read();
    assert.equal(failed.state, "failure");
    assert.equal(failed.sha, sha);
    assert.equal(failed.total_count, 3);
    assert.equal(failed.repository.id, repositoryId);
    assert.equal(failed.repository.full_name, fullName);
    assert.deepEqual(
      failed.statuses.map((status) => [status.context, status.state]).sort(),
      [["ci/build", "success"], ["ci/lint", "error"], ["default", "success"]],
    );
    await create({ state: "pending", context: "CI/lint" });
    assert.equal((await read()).state, "pending");
    await create({ state: "success", context: "ci/LINT" });
    assert.equal((await read()).state, "success");
  },

  async "lists statuses, newest first, page by page"() {
    const late = { sha: lateSha };
    await control("commits", { full_name: fullName, ...late });
    const ids = [];
    for (let i = 0; i < 65; ++i) {
      const { data } = await create({ state: "success", context: `page/${i}` }, late);
      ids.unshift(data.id);
    }
    const list = octokit.rest.repos.listCommitStatusesForRef;
    const parameters = { ...repository, ref: lateSha };
    const first = await list(parameters);
    assert.equal(first.data.length, 30);
    assert.match(first.headers.link, /rel="next".*rel="last"/);
    const all = await octokit.paginate(list, parameters);
    assert.deepEqual(all.map((status) => status.id), ids);
    assert.ok(all.every((status) => status.creator.login));
    const large = await list({ ...parameters, per_page: 100 });
    assert.equal(large.data.length, 65);
    assert.equal(large.headers.link, undefined);
    const legacy = await octokit.request("GET /repos/{owner}/{repo}/statuses/{ref}", parameters);
    assert.deepEqual(legacy.data, first.data);
    const byId = await octokit.request("GET /repositories/{id}/commits/{ref}/statuses", {
      id: repositoryId,
      ref: lateSha,
    });
    assert.deepEqual(byId.data, first.data);
  },

  async "reads repository, user and rate limit"() {
    const { data: repo } = await octokit.rest.repos.get({
      owner: "OCTO-org",
      repo: "Conformance-Node",
    });
    assert.equal(repo.id, repositoryId);
    assert.equal(repo.full_name, fullName);
    assert.equal(repo.owner.login, repository.owner);
    assert.equal(repo.html_url, `https://github.com/${fullName}`);
    assert.equal(repo.default_branch, "main");
    const { data: user } = await octokit.rest.users.getAuthenticated();
    const { data: status } = await create({ state: "success", context: "who" });
    assert.equal(status.creator.login, user.login);
    assert.equal(status.creator.id, user.id);
    const { data: limit } = await octokit.rest.rateLimit.get();
    assert.equal(limit.resources.core.limit, 5000);
    assert.ok(limit.resources.core.remaining < 5000);
    assert.ok(limit.resources.core.reset * 1000 > Date.now());
    const { data: versions } = await octokit.rest.meta.getAllVersions();
    assert.ok(versions.includes("2022-11-28"));
    const { data: root } = await octokit.rest.meta.root();
    assert.equal(root.rate_limit_url, `${baseUrl}/rate_limit`);
    await octokit.rest.meta.get();
    const { data: other } = await octokit.rest.users.getByUsername({ username: "octocat" });
    assert.equal(other.login, "octocat");
    const { data: commit } = await octokit.rest.repos.getCommit({ ...repository, ref: sha });
    assert.equal(commit.sha, sha);
    await control("commits", { full_name: fullName, sha, branch: "fix/a" });
    for (const ref of ["fix/a", "heads/fix/a"]) {
      const { data } = await octokit.rest.repos.getCombinedStatusForRef({ ...repository, ref });
      assert.equal(data.sha, sha);
    }
  },

  async "explains what it refuses"() {
    const cases = [
      [{ state: "maybe" }, "state", "state is not included in the list"],
      [
        { state: "success", description: "x".repeat(141) },
        "description",
        "description is too long (maximum is 140 characters)",
      ],
      [
        { state: "success", description: "passed 🎉" },
        "description",
        "description doesn't accept 4-byte Unicode",
      ],
      [
        { state: "success", context: "c".repeat(256) },
        "context",
        "context is too long (maximum is 255 characters)",
      ],
      [
        { state: "success", target_url: "ftp://ci.example.com" },
        "target_url",
        "Target url must use http(s) scheme",
      ],
    ];
    for (const [fields, field, message] of cases) {
      const { response } = await failure(create(fields), 422);
      assert.equal(response.data.message, "Validation Failed");
      assert.deepEqual(response.data.errors, [
        { resource: "Status", code: "custom", field, message },
      ]);
    }
    const short = await failure(create({ state: "success", sha: sha.slice(0, 7) }), 422);
    assert.equal(short.response.data.errors[0].message, "sha must be a 40 character SHA1");
    const wrong = await failure(create({ state: 7 }), 422);
    assert.match(wrong.message, /^Invalid request\./);
    const unknown = "0".repeat(39) + "1";
    const absent = await failure(create({ state: "success", sha: unknown }), 422);
    assert.match(absent.message, new RegExp(`^No commit found for SHA: ${unknown}`));
  },

  async "answers 404 and 401"() {
    await failure(create({ state: "success", repo: "nothing" }), 404);
    await failure(octokit.rest.repos.get({ ...repository, repo: "nothing" }), 404);
    await failure(
      octokit.rest.repos.getCombinedStatusForRef({ ...repository, ref: "no-such-ref" }),
      404,
    );
    const stranger = client("wrong").rest.repos;
    const refused = await failure(
      stranger.createCommitStatus({ ...repository, sha, state: "success" }),
      401,
    );
    assert.match(refused.message, /^Bad credentials/);
  },

  async "lets an App get a token and post"() {
    const { publicKey, privateKey } = newKey();
    await control("apps", {
      id: 4711, client_id: "Iv23conformance", slug: "signalbox-bot", public_key: publicKey,
    });
    const { id, ids } = await control("installations", {
      app_id: 4711, account: repository.owner,
    });
    assert.deepEqual(ids, [id]);
    const as = (privateKey) =>
      new App({ appId: 4711, privateKey, Octokit: Octokit.defaults(clientOptions) });
    const app = as(privateKey);

    const { data: itself } = await app.octokit.rest.apps.getAuthenticated();
    assert.equal(itself.slug, "signalbox-bot");
    assert.equal(itself.client_id, "Iv23conformance");
    const { data: found } = await app.octokit.rest.apps.getRepoInstallation(repository);
    assert.equal(found.id, id);
    assert.equal(found.account.login, repository.owner);
    const { data: of } = await app.octokit.rest.apps.getOrgInstallation({
      org: repository.owner,
    });
    assert.equal(of.id, id);

    const bot = await app.getInstallationOctokit(id);
    const { status, data } = await bot.rest.repos.createCommitStatus({
      ...repository, sha, state: "success", context: "by/app",
    });
    assert.equal(status, 201);
    assert.equal(data.creator.login, "signalbox-bot[bot]");
    assert.equal(data.creator.type, "Bot");
    // The client keeps the token, which has the long form.
    const { token, expiresAt } = await bot.auth({ type: "installation" });
    assert.match(token, /^ghs_4711_[\w.-]{400,}$/);
    assert.ok(Date.parse(expiresAt) > Date.now() + 3500_000);
    await failure(bot.rest.repos.get({ owner: "octo-cat", repo: "elsewhere" }), 404);

    const stranger = await failure(as(newKey().privateKey).octokit.rest.apps.getAuthenticated(), 401);
    assert.match(stranger.message, /^A JSON web token could not be decoded/);
    await control("installations", { id, app_id: 4711, account: repository.owner, suspended: true });
    const suspended = await failure(
      app.octokit.rest.apps.createInstallationAccessToken({ installation_id: id }),
      403,
    );
    assert.match(suspended.message, /^This installation has been suspended/);
    await failure(
      app.octokit.rest.apps.createInstallationAccessToken({ installation_id: id + 1 }),
      404,
    );
  },

  async "follows a renamed repository"() {
    await control("rename", { full_name: fullName, new_full_name: `${fullName}-2` });
    const { data: repo, url } = await octokit.rest.repos.get(repository);
    assert.equal(repo.full_name, `${fullName}-2`);
    assert.equal(url, `${baseUrl}/repositories/${repositoryId}`);
    const { status, data } = await create({ state: "failure", context: "renamed" });
    assert.equal(status, 201);
    assert.equal(data.url, `${baseUrl}/repos/${fullName}-2/statuses/${sha}`);
    const { data: list } = await octokit.rest.repos.listCommitStatusesForRef({
      ...repository,
      ref: sha,
      per_page: 1,
    });
    assert.equal(list[0].id, data.id);
  },

  async "says so when a repository is archived"() {
    await control("archive", { full_name: `${fullName}-2` });
    const error = await failure(create({ state: "success", repo: "conformance-node-2" }), 403);
    assert.match(error.message, /^Repository was archived so is read-only\./);
  },
};

await run(tests);
