// The guide's own server (Sinatra and Octokit) and Signalbox get the same
// webhook. GitHub must show the same afterwards.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import {
  postJson, secretFileOf, shown, signalbox, start, startServer, startShim, startSimulator,
} from "../programs.mjs";

const repository = "octocat/hello";
const secretFile = secretFileOf("It's a Secret to Everybody");
const here = dirname(fileURLToPath(import.meta.url));

// What a person sees of a commit.
function picture(commit) {
  return {
    state: commit.state,
    statuses: commit.shown.map(({ context, state }) => ({ context, state })),
    rows: commit.rows.map(({ context, state }) => ({ context, state })),
  };
}

for (const contentType of ["json", "form"]) {
  test(`the same picture as the guide's server, ${contentType}`, async (t) => {
    const guideGitHub = await startSimulator(["--webhook-secret-file", secretFile]);
    const guide = await start("/usr/bin/ruby", [join(here, "guide.rb")],
      { env: { GITHUB_API_URL: `${guideGitHub.url}/` } });
    const ourGitHub = await startSimulator(["--webhook-secret-file", secretFile]);
    // The guide names no context, which means "default" at GitHub.
    const server = await startServer(ourGitHub.url, ["--context", "default"]);
    const shim = await startShim(server.address, secretFile);
    t.after(() => Promise.all([guide, shim, server, guideGitHub, ourGitHub].map((p) => p.stop())));

    const webhook = {
      event: "pull_request", action: "opened", repository, number: 7,
      sha: "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00", content_type: contentType,
    };
    const guideDelivery = await postJson(`${guideGitHub.url}/_simulator/webhooks`,
      { ...webhook, url: `http://${guide.values[0]}/event_handler` });
    assert.equal(guideDelivery.status, 200, guideDelivery.body);
    const ourDelivery = await postJson(`${ourGitHub.url}/_simulator/webhooks`,
      { ...webhook, url: shim.url });
    assert.equal(ourDelivery.status, 202, ourDelivery.body);

    await shown(ourGitHub.url, repository, webhook.sha, (commit) => commit.state === "pending" &&
      commit.shown.length === 1);
    const { code, output } = await signalbox(["run", "--server", server.address,
      "--repository", repository, "--sha", webhook.sha, "--context", "default", "--", "true"]);
    assert.equal(code, 0, output);

    const succeeded = (commit) => commit.state === "success";
    const theirs = await shown(guideGitHub.url, repository, webhook.sha, succeeded);
    const ours = await shown(ourGitHub.url, repository, webhook.sha, succeeded);
    assert.deepEqual(picture(ours).statuses, picture(theirs).statuses);
    assert.equal(picture(ours).state, picture(theirs).state);
    assert.deepEqual(picture(theirs).rows.map((row) => row.state), ["pending", "success"]);
  });
}
