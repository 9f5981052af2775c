// Every request of the server to GitHub must be valid by GitHub's own OpenAPI
// description. A recorder stands between the server and the simulator.

import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";

import { validateRequest } from "../openapi.mjs";
import { postJson, shown, signalbox, startServer, startSimulator } from "../programs.mjs";

const repository = "acme/app";

function record(simulatorUrl, requests) {
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    requests.push({ method: request.method, path: request.url, headers: request.headers,
      body: body.toString("utf8") });
    const answer = await fetch(simulatorUrl + request.url, {
      method: request.method, redirect: "manual",
      headers: Object.fromEntries(Object.entries(request.headers).filter(
        ([name]) => !["host", "connection", "content-length"].includes(name))),
      body: body.length > 0 ? body : undefined,
    });
    response.writeHead(answer.status, Object.fromEntries(
      [...answer.headers].filter(([name]) => !["connection", "transfer-encoding",
        "content-length", "content-encoding", "keep-alive"].includes(name))));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

test("every request is valid by GitHub's OpenAPI description", async (t) => {
  const simulator = await startSimulator();
  const requests = [];
  const recorder = await record(simulator.url, requests);
  const server = await startServer(`http://127.0.0.1:${recorder.address().port}`);
  t.after(async () => {
    await server.stop();
    await simulator.stop();
    recorder.closeAllConnections?.();
    recorder.close();
  });

  const reports = [
    ["pending", []],
    ["pending", ["--description", "Running"]],
    ["result", ["success"]],
    ["result", ["failure", "--description", "3 of 120 tests failed"]],
    ["result", ["error", "--description", `a long one: ${"é".repeat(300)}`]],
    ["result", ["cancelled", "--description", "emoji \u{1F680} and\nnew lines\ttoo"]],
    ["result", ["skipped", "--target-url", "https://farm.example/a b?q=ü&x=1#frag"]],
    ["result", ["timed_out", "--target-url", "ftp://nowhere.example"]],
    ["result", ["neutral", "--context", "c".repeat(255), "--target-url", "http://farm.example"]],
    ["result", ["success", "--context", "a/b c %2F \"quoted\" <tag> \\"]],
    ["result", ["success", "--context", "Grüße » Сборка 日本"]],
  ];
  const shas = reports.map((_, i) => (i + 1).toString(16).padStart(40, "a"));
  await postJson(`${simulator.url}/_simulator/repositories`,
    { full_name: repository, commits: shas });
  for (const [i, [command, args]] of reports.entries()) {
    const { code, output } = await signalbox([command, "--server", server.address,
      "--repository", repository, "--sha", shas[i], ...args]);
    assert.equal(code, 0, output);
    await shown(simulator.url, repository, shas[i], (commit) => commit.shown.length === 1);
  }

  for (const request of requests) {
    assert.equal(request.headers.accept, "application/vnd.github+json");
    assert.equal(request.headers["x-github-api-version"], "2022-11-28");
    assert.equal(request.headers.authorization, "Bearer token");
    assert.ok(request.headers["user-agent"]);
  }
  // The server asks for the budget once, before the first post.
  const [first, ...posts] = requests;
  assert.equal(`${first.method} ${first.path}`, "GET /rate_limit");
  assert.equal(posts.length, reports.length);
  const states = new Set();
  for (const request of posts) {
    assert.equal(request.method, "POST");
    assert.match(request.path, /^\/repos\/acme\/app\/statuses\/[0-9a-f]{40}$/);
    assert.equal(request.headers["content-type"], "application/json");
    const body = JSON.parse(request.body);
    assert.deepEqual(validateRequest("repos/create-commit-status", body), []);
    // GitHub's description has these rules in words only.
    assert.ok([...(body.description ?? "")].length <= 140);
    assert.ok(!/[\u{10000}-\u{10FFFF}\u0000-\u001f]/u.test(body.description ?? ""));
    if (body.target_url != null) {
      assert.equal(new URL(body.target_url).href, body.target_url.replace(/^(http:\/\/[^/]+)$/, "$1/"));
    }
    states.add(body.state);
  }
  assert.deepEqual([...states].sort(), ["error", "failure", "pending", "success"]);
  // Shows that the check can fail.
  assert.notDeepEqual(validateRequest("repos/create-commit-status", { state: "done" }), []);
});
