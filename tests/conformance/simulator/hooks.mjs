// GitHub's own JavaScript client lists deliveries and asks for redeliveries,
// reads pull requests, and asks for people's roles.
//
//   node hooks.mjs BASE_URL     the simulator, started with --token token

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { App, Octokit } from "octokit";

import { baseUrl, client, clientOptions, control, failure, newKey, run } from "./client.mjs";

const repository = { owner: "hook-org", repo: "conformance-hooks" };
const fullName = `${repository.owner}/${repository.repo}`;
const sha = "1234567890abcdef1234567890abcdef12345678";
const octokit = client("token");

// A receiver that refuses until it is fixed.
const received = [];
let answer = 503;
const receiver = createServer((request, response) => {
  request.resume().on("end", () => {
    received.push(request.headers);
    response.writeHead(answer, { "x-why": "conformance" }).end("so be it");
  });
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
receiver.unref();
const url = `http://127.0.0.1:${receiver.address().port}/event_handler`;

await control("repositories", { full_name: fullName, commits: [sha] });
const { publicKey, privateKey } = newKey();
await control("apps", { id: 4712, client_id: "Iv23hooks", public_key: publicKey });
const { id: installationId } = await control("installations", {
  app_id: 4712, account: repository.owner,
  permissions: { statuses: "write", pull_requests: "read" },
});
const app = new App({
  appId: 4712, privateKey, Octokit: Octokit.defaults(clientOptions),
});

const hookOptions = { url, content_type: "json", secret: "s", events: ["*"] };
const { id: repositoryHook } = await control("hooks", { repository: fullName, ...hookOptions });
const { id: organizationHook } = await control("hooks", {
  organization: repository.owner, ...hookOptions,
});
await control("hooks", { app_id: 4712, ...hookOptions });

// The same operations in each of the three places that have hooks.
const places = [
  {
    name: "repository",
    api: octokit.rest.repos,
    client: octokit,
    at: { ...repository, hook_id: repositoryHook },
  },
  {
    name: "organization",
    api: octokit.rest.orgs,
    client: octokit,
    at: { org: repository.owner, hook_id: organizationHook },
  },
  { name: "app", api: app.octokit.rest.apps, client: app.octokit, at: {} },
];

async function listed({ api, client: its, at }, more = {}) {
  return its.paginate(api.listWebhookDeliveries, { ...at, per_page: 2, ...more });
}

const tests = {
  async "shows no hook to who may not know"() {
    await failure(octokit.rest.repos.listWebhooks(repository), 404);
    await failure(octokit.rest.orgs.listWebhooks({ org: repository.owner }), 404);
    const bot = await app.getInstallationOctokit(installationId);
    const { message } = await failure(
      bot.rest.repos.listWebhookDeliveries({ ...repository, hook_id: repositoryHook }), 403,
    );
    assert.match(message, /^Resource not accessible by integration/);
    await failure(octokit.rest.apps.getWebhookConfigForApp(), 401);
    await control("roles", { where: repository.owner, token: "token" });
    await control("roles", { where: fullName, token: "token" });
    await failure(octokit.rest.orgs.listWebhooks({ org: repository.owner }), 404);
    await control("scopes", { token: "token", scopes: "repo, admin:org_hook" });
  },

  async "shows hooks without their secrets"() {
    const { data: hooks, headers } = await octokit.rest.repos.listWebhooks(repository);
    assert.equal(headers["x-oauth-scopes"], "repo, admin:org_hook");
    assert.deepEqual(hooks.map(({ id }) => id), [repositoryHook]);
    assert.deepEqual(hooks[0].config, {
      content_type: "json", insecure_ssl: "0", url, secret: "********",
    });
    const { data: hook } = await octokit.rest.repos.getWebhook({
      ...repository, hook_id: repositoryHook,
    });
    assert.deepEqual(hook, hooks[0]);
    const org = { org: repository.owner };
    const { data: orgHooks } = await octokit.rest.orgs.listWebhooks(org);
    const { data: orgHook } = await octokit.rest.orgs.getWebhook({
      ...org, hook_id: organizationHook,
    });
    assert.deepEqual(orgHooks, [orgHook]);
    const { data: config } = await app.octokit.rest.apps.getWebhookConfigForApp();
    assert.deepEqual(config, hooks[0].config);
  },

  async "lists, shows and redelivers what failed, in all three places"() {
    const guids = [];
    for (let i = 0; i < 5; i += 1) {
      const { delivery, deliveries, status } = await control("webhooks", {
        event: "pull_request", repository: fullName,
      });
      assert.equal(status, 503);
      assert.equal(deliveries.length, 3);
      guids.unshift(delivery);
    }
    assert.equal(new Set(received.map((headers) => headers["x-github-hook-id"])).size, 3);
    answer = 202;
    for (const place of places) {
      const { api, at, name } = place;
      const before = await listed(place);
      assert.deepEqual(before.map(({ guid }) => guid), guids, name);
      assert.deepEqual(await listed(place, { status: "failure" }), before, name);
      assert.deepEqual(await listed(place, { status: "success" }), [], name);
      const [{ id, ...item }] = before;
      assert.equal(item.status, "Invalid HTTP Response: 503");
      assert.equal(item.event, "pull_request");
      assert.equal(item.action, "opened");
      assert.equal(item.installation_id, name === "app" ? installationId : null);
      const { data: one } = await api.getWebhookDelivery({ ...at, delivery_id: id });
      assert.equal(one.request.payload.repository.full_name, fullName);
      assert.equal(one.request.headers["X-GitHub-Delivery"], item.guid);
      assert.equal(one.response.headers["x-why"], "conformance");
      assert.equal(one.response.payload, "so be it");

      received.length = 0;
      const { status } = await api.redeliverWebhookDelivery({ ...at, delivery_id: id });
      assert.equal(status, 202);
      let after = before;
      while (after.length < 6) after = await listed(place);
      assert.equal(after[0].guid, item.guid);
      assert.equal(after[0].redelivery, true);
      assert.equal(after[0].status, "OK");
      assert.equal(after[0].status_code, 202);
      assert.notEqual(after[0].id, id);
      assert.deepEqual(after.slice(1), before);
      assert.equal(received.length, 1);
      assert.equal(received[0]["x-github-delivery"], item.guid);
    }
  },

  async "refuses what makes no sense"() {
    const at = { ...repository, hook_id: repositoryHook };
    await failure(octokit.rest.repos.listWebhookDeliveries({ ...at, cursor: "x" }), 422);
    await failure(octokit.rest.repos.getWebhookDelivery({ ...at, delivery_id: 1 }), 404);
    await failure(octokit.rest.repos.redeliverWebhookDelivery({ ...at, delivery_id: 1 }), 404);
  },

  async "pings"() {
    received.length = 0;
    const repo = await octokit.rest.repos.pingWebhook({ ...repository, hook_id: repositoryHook });
    const org = await octokit.rest.orgs.pingWebhook({
      org: repository.owner, hook_id: organizationHook,
    });
    assert.deepEqual([repo.status, org.status], [204, 204]);
    while (received.length < 2) await listed(places[0]);
    assert.deepEqual(received.map((headers) => headers["x-github-event"]), ["ping", "ping"]);
  },

  async "reads pull requests, again only if they changed"() {
    await control("pull_requests", { full_name: fullName, sha, number: 40, fork: true });
    const wanted = {
      ...repository, state: "open", sort: "updated", direction: "desc", per_page: 2,
    };
    const all = await octokit.paginate(octokit.rest.pulls.list, wanted);
    assert.deepEqual(all.map(({ number }) => number), [40, 5, 4, 3, 2, 1]);
    const { headers } = await octokit.rest.pulls.list(wanted);
    const same = octokit.rest.pulls.list({ ...wanted, headers: { "if-none-match": headers.etag } });
    await failure(same, 304);
    await failure(octokit.rest.pulls.list({ ...repository, state: "merged" }), 422);
    const { data: pull } = await octokit.rest.pulls.get({ ...repository, pull_number: 40 });
    assert.equal(pull.head.sha, sha);
    assert.notEqual(pull.head.repo.id, pull.base.repo.id);
    await failure(octokit.rest.pulls.get({ ...repository, pull_number: 41 }), 404);
  },

  async "says who may do what"() {
    const ask = (username, its = octokit) =>
      its.rest.repos.getCollaboratorPermissionLevel({ ...repository, username });
    await control("roles", { where: fullName, login: "ann", role: "maintain" });
    const { data: ann } = await ask("ann");
    assert.deepEqual([ann.permission, ann.role_name], ["write", "maintain"]);
    const { data: stranger } = await ask("stranger");
    assert.equal(stranger.permission, "read");
    const { data: own } = await octokit.rest.repos.get(repository);
    assert.equal(own.permissions.admin, true);
    await control("roles", { where: fullName, token: "token", role: "read" });
    const { message } = await failure(ask("ann"), 403);
    assert.match(message, /^Must have push access to view collaborator permission\./);
  },

  async "gives an installation what it was granted"() {
    const { data: token } = await app.octokit.rest.apps.createInstallationAccessToken({
      installation_id: installationId,
    });
    assert.deepEqual(token.permissions, {
      metadata: "read", pull_requests: "read", statuses: "write",
    });
    const bot = await app.getInstallationOctokit(installationId);
    const { data } = await bot.rest.apps.listReposAccessibleToInstallation();
    assert.deepEqual(data.repositories.map((its) => its.full_name), [fullName]);
    await failure(octokit.rest.apps.listReposAccessibleToInstallation(), 403);
    await control("installations", {
      id: installationId, app_id: 4712, account: repository.owner,
      permissions: { statuses: "write" },
    });
    const less = client((await app.octokit.rest.apps.createInstallationAccessToken({
      installation_id: installationId,
    })).data.token);
    await failure(less.rest.pulls.list(repository), 403);
  },

  async "nobody did what GitHub asks clients not to do"() {
    const counters = await (await fetch(`${baseUrl}/_simulator/counters`)).json();
    assert.equal(counters.too_many_redeliveries, 0);
    assert.equal(counters.needless_redeliveries, 0);
    assert.equal(counters.unknown_requests, 0);
  },
};

await run(tests);
receiver.close();
