// A tool with one address for all of GitHub's API. It runs apart, because Node.js
// reads the authorities to trust when it starts.
//
//   node nginx_client.mjs URL TOKEN SHA

import assert from "node:assert/strict";

import { Octokit } from "octokit";

const [baseUrl, auth, sha] = process.argv.slice(2);
const octokit = new Octokit({ auth, baseUrl, retry: { enabled: false }, throttle: { enabled: false } });
const acme = { owner: "acme", repo: "app" };

// GitHub's.
const { data: repository } = await octokit.rest.repos.get(acme);
assert.equal(repository.full_name, "acme/app");
const pulls = await octokit.paginate(octokit.rest.pulls.list, acme);
assert.deepEqual(pulls.map(({ head }) => head.sha), [sha]);

// Signalbox's. Its ids are 2^52 and more.
const ids = new Set();
for (const state of ["pending", "success", "failure", "error"]) {
  const { status, data, headers } = await octokit.rest.repos.createCommitStatus({
    ...acme, sha, state, context: `ci/${state}`, description: `is ${state}` });
  assert.equal(status, 201);
  assert.ok(data.id > 2 ** 52, `${data.id}`);
  // --rest-public-url.
  assert.ok(headers.location.startsWith("https://signalbox.example/"), headers.location);
  ids.add(data.id);
}
const { data: combined } = await octokit.rest.repos.getCombinedStatusForRef({ ...acme, ref: sha });
assert.equal(combined.state, "failure");
assert.deepEqual(new Set(combined.statuses.map(({ id }) => id)), ids);
const listed = await octokit.paginate(octokit.rest.repos.listCommitStatusesForRef,
  { ...acme, ref: sha });
assert.deepEqual(new Set(listed.map(({ id }) => id)), ids);
