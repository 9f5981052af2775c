// Tools that know only GitHub Apps post through Signalbox: Octokit signs JWTs
// with a private key of its own, gets tokens of an installation by them, and
// creates statuses. app_world.mjs checks every answer against GitHub's description.

import assert from "node:assert/strict";
import { createHmac, createSign } from "node:crypto";
import test from "node:test";

import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "octokit";

import { shown } from "../programs.mjs";
import {
  appId, newKeyPair, owner, privateKey, publicKey, repo, sha, startAll,
} from "./app_world.mjs";

function client(baseUrl, options) {
  return new Octokit({
    baseUrl, retry: { enabled: false }, throttle: { enabled: false }, ...options });
}

function appClient(baseUrl, auth = {}) {
  return client(baseUrl, { authStrategy: createAppAuth, auth: { appId, privateKey, ...auth } });
}

function statusOf(promise) {
  return promise.then(({ status }) => status, ({ status }) => status);
}

for (const prefix of ["", "/api/v3", "/github.com/api/v3"]) {
  test(`an App posts at ${prefix || "the bare address"}`, async (t) => {
    const { simulator, url } = await startAll(t);
    const app = appClient(url + prefix);
    const { data: installation } = await app.rest.apps.getRepoInstallation({ owner, repo });
    assert.equal(installation.account.login, owner);
    assert.equal(installation.app_id, appId);
    const octokit = appClient(url + prefix, { installationId: installation.id });
    for (const state of ["pending", "success"]) {
      const { status, data } = await octokit.rest.repos.createCommitStatus(
        { owner, repo, sha, state, context: "ci/argo" });
      assert.equal(status, 201);
      assert.equal(data.state, state);
    }
    const there = await shown(simulator.url, `${owner}/${repo}`, sha,
      (commit) => commit.shown.some(({ state }) => state === "success"));
    assert.deepEqual(there.shown.map(({ context }) => context), ["ci/argo"]);
  });
}

test("an App sees itself and its installations", async (t) => {
  const { url } = await startAll(t);
  const octokit = appClient(url);
  const { apps } = octokit.rest;
  assert.equal((await apps.getAuthenticated()).data.id, appId);
  const { data: list } = await apps.listInstallations();
  assert.deepEqual(list.map(({ account }) => account.login), [owner, "labs"]);
  const { id } = list[0];
  assert.equal((await apps.getInstallation({ installation_id: id })).data.id, id);
  assert.equal((await apps.getOrgInstallation({ org: owner })).data.id, id);
  assert.equal((await apps.getUserInstallation({ username: owner })).data.id, id);
  assert.equal(await statusOf(apps.getOrgInstallation({ org: "other" })), 404);
  assert.equal(await statusOf(apps.getRepoInstallation({ owner: "labs", repo: "other" })), 404);
});

test("a token is good for what was asked and granted", async (t) => {
  const { url } = await startAll(t);
  const octokit = appClient(url);
  const { data: installation } = await octokit.rest.apps.getOrgInstallation({ org: owner });
  const tokenFor = async (body, installation_id = installation.id) => {
    const { data } = await octokit.rest.apps.createInstallationAccessToken(
      { installation_id, ...body });
    const left = Date.parse(data.expires_at) - Date.now();
    assert.ok(left > 3500e3 && left <= 3601e3, data.expires_at);
    return data;
  };
  const post = (token, more = {}) => statusOf(client(url, { auth: token })
    .rest.repos.createCommitStatus(
      { owner, repo, sha, state: "success", context: "ci/argo", ...more }));

  const all = await tokenFor({});
  assert.equal(all.permissions.statuses, "write");
  assert.equal(await post(all.token), 201);
  assert.equal(await post(all.token, { context: "other" }), 403);
  assert.equal(await post(all.token, { owner: "other" }), 404);
  // Of another installation of the same App.
  assert.equal(await post(all.token, { owner: "labs", repo: "tool" }), 404);

  const narrow = await tokenFor({ repositories: ["lib"], permissions: { statuses: "write" } });
  assert.deepEqual(narrow.repositories.map(({ full_name }) => full_name), [`${owner}/lib`]);
  assert.equal(await post(narrow.token), 404);
  assert.equal(await post(narrow.token, { repo: "lib" }), 201);

  const reading = await tokenFor({ permissions: { statuses: "read" } });
  assert.equal(reading.permissions.statuses, "read");
  assert.equal(await post(reading.token), 403);

  // A webhook gives GitHub's number.
  const byGitHub = await tokenFor({}, 1234567);
  assert.equal(await post(byGitHub.token, { owner: "labs", repo: "tool" }), 201);

  const last = all.token.at(-1);
  assert.equal(await post(all.token.slice(0, -1) + (last === "0" ? "1" : "0")), 401);
  const { apps } = client(url, { auth: all.token }).rest;
  assert.equal(
    await statusOf(apps.createInstallationAccessToken({ installation_id: installation.id })), 401);
  for (const body of [{ permissions: { contents: "read" } }, { repository_ids: [1] }]) {
    assert.equal(await statusOf(octokit.rest.apps.createInstallationAccessToken(
      { installation_id: installation.id, ...body })), 422);
  }
});

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// A JWT with these parts, signed by `sign`.
function jwt(header, claims, sign) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${encode(header)}.${encode({ iss: appId, iat: now - 30, exp: now + 300, ...claims })}`;
  return `${text}.${sign(text)}`;
}
const rsa = (key) => (text) => createSign("RSA-SHA256").update(text).sign(key, "base64url");

test("a JWT is checked as GitHub checks it, and good for a token alone", async (t) => {
  const { url } = await startAll(t);
  const now = Math.floor(Date.now() / 1000);
  const rs256 = { alg: "RS256", typ: "JWT" };
  const ask = async (token, path = "/app", init = {}) => {
    const answer = await fetch(url + path,
      { headers: { authorization: `bearer ${token}` }, ...init });
    return answer.status;
  };
  const good = jwt(rs256, {}, rsa(privateKey));
  assert.equal(await ask(good), 200);
  assert.equal(await ask(jwt(rs256, { iss: `${appId}` }, rsa(privateKey))), 200);
  const hmac = (text) => createHmac("sha256", publicKey).update(text).digest("base64url");
  for (const bad of [
    jwt(rs256, {}, rsa(newKeyPair().privateKey)),
    jwt({ alg: "none" }, {}, () => ""),
    jwt({ alg: "none" }, {}, rsa(privateKey)),
    jwt({ alg: "HS256" }, {}, hmac),
    jwt(rs256, {}, hmac),
    jwt(rs256, { iss: 8 }, rsa(privateKey)),
    jwt(rs256, { exp: now + 660 }, rsa(privateKey)),
    jwt(rs256, { exp: now - 1 }, rsa(privateKey)),
    jwt(rs256, { iat: now + 120 }, rsa(privateKey)),
    good.slice(0, -10),
  ]) {
    assert.equal(await ask(bad), 401, bad);
  }
  // The body of ghinstallation, of Go, which has no options.
  assert.equal(await ask(good, "/app/installations/1234567/access_tokens", {
    method: "POST", body: "null\n", headers: { authorization: `Bearer ${good}` } }), 201);
  const statuses = `/repos/${owner}/${repo}/statuses/${sha}`;
  const body = JSON.stringify({ state: "success", context: "ci/argo" });
  assert.equal(await ask(good, statuses, {
    method: "POST", body, headers: { authorization: `bearer ${good}` } }), 403);
  assert.equal(await ask(good, `/repos/${owner}/${repo}/commits/${sha}/statuses`), 403);
});
