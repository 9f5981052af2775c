// deploy/nginx/github-api.conf, with the real nginx: a tool with one address sets
// its statuses through Signalbox, and reads everything else from GitHub.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer, request } from "node:https";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { newCertificate, nginxProgram, startNginx } from "./nginx.mjs";
import { nextSha, repository } from "./world.mjs";
import {
  atEnd, digestFileOf, scratchDirectory, secretFileOf, start, startRest,
} from "../programs.mjs";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const certificate = newCertificate();
const ca = readFileSync(certificate.cert);
const publicUrl = ["--rest-public-url", "https://signalbox.example"];
const options = { skip: nginxProgram ? false : "needs nginx: scripts/install-nginx" };
// The tool keeps the token that it uses at GitHub.
const token = "ghp_ofTheTool";

// Resolves with { status, headers, body }; `body` is an object if it is JSON.
async function ask(url, { method = "GET", headers = {}, body } = {}) {
  // A path as it is: URL would take dots and doubled slashes out.
  const [, host, port, path] = /^https:\/\/([^:]+):(\d+)(.*)$/.exec(url);
  const sent = request({ host, port, path, method, headers, ca });
  sent.end(body);
  const [answer] = await once(sent, "response");
  const chunks = [];
  for await (const chunk of answer) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const isJson = answer.headers["content-type"]?.startsWith("application/json") && text !== "";
  return { status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

// The simulator as api.github.com, with TLS.
async function startGitHub(t) {
  const simulator = await start(join(process.env.SIGNALBOX_BIN_DIR, "signalbox-github-simulator"),
    ["--listen", "127.0.0.1:0", "--token", "token", "--token", token,
      "--base-url", "https://api.github.com",
      "--tls-cert", certificate.cert, "--tls-key", certificate.key]);
  const [address] = simulator.values;
  atEnd(t, simulator.stop);
  return { address };
}

// Orders of the simulator's control API.
async function order(github, name, body) {
  const { status, body: text } = await ask(`https://${github.address}/_simulator/${name}`,
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.ok(status < 300, JSON.stringify(text));
  return text;
}

// A server that posts to `github`, and has the tool's token as a caller unless
// `callers` is false.
async function startServerAt(t, github, { callers = true } = {}) {
  const directory = scratchDirectory();
  const config = join(directory, "server.yaml");
  writeFileSync(config, [
    "github:", "- accounts: [\"*\"]", `  api_url: https://${github.address}`,
    `  ca_file: ${certificate.cert}`, `  token_file: ${secretFileOf("token")}`,
    ...(callers ? ["callers:", "- name: tool", `  token_sha256_file: ${digestFileOf(token)}`,
      `  repositories: [${repository}]`, "  contexts: [\"*\"]", "  rights: [report, read]"] : []),
    ""].join("\n"));
  const server = await start(join(process.env.SIGNALBOX_BIN_DIR, "signalbox-server"),
    ["--config", config, "--listen", "127.0.0.1:0", "--web-listen", "127.0.0.1:0",
      "--data-dir", join(directory, "data")], { lines: ["grpc listening on "] });
  atEnd(t, server.stop);
  return server.values[0];
}

// Everything; `replacements` are changes of the configuration of nginx.
async function startAll(t, replacements = []) {
  const github = await startGitHub(t);
  const shim = await startRest(await startServerAt(t, github), publicUrl);
  atEnd(t, shim.stop);
  const nginx = await startNginx(certificate, github.address, shim.values[1], replacements);
  atEnd(t, nginx.stop);
  return { github, url: nginx.url };
}

async function newCommit(github) {
  const sha = nextSha();
  await order(github, "repositories", { full_name: repository, commits: [sha] });
  return sha;
}

// Resolves once GitHub shows the four states, each in its context.
async function showsFourStates(github, sha) {
  const deadline = Date.now() + 30000;
  let next = 0;
  for (;;) {
    const { body } = await ask(
      `https://${github.address}/_simulator/statuses?repository=${repository}&sha=${sha}`);
    if (body.shown.length === 4) {
      assert.ok(body.shown.every(({ context, state }) => context === `ci/${state}`));
      return;
    }
    assert.ok(Date.now() < deadline, JSON.stringify(body));
    ({ body: { next } } =
      await ask(`https://${github.address}/_simulator/events?after=${next}&wait=2`));
  }
}

for (const prefix of ["", "/api/v3", "/github.com/api/v3/"]) {
  test(`a tool with one address, ${prefix || "without a path"}`, options, async (t) => {
    const { github, url } = await startAll(t);
    const sha = await newCommit(github);
    await order(github, "pull_requests", { full_name: repository, sha });
    // Fails, with the output, if the program does.
    await run(process.execPath, [join(here, "nginx_client.mjs"), url + prefix, token, sha],
      { cwd: here, env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate.cert } });
    await showsFourStates(github, sha);
  });
}

// A server that answers with the request.
async function startEcho(t, create) {
  const server = create((message, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ path: message.url, headers: message.headers }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(t, () => { server.closeAllConnections(); server.close(); });
  return `127.0.0.1:${server.address().port}`;
}

test("who gets which request", options, async (t) => {
  const github = await startEcho(t, (handler) => createHttpsServer(
    { cert: ca, key: readFileSync(certificate.key) }, handler));
  const nginx = await startNginx(certificate, github, await startEcho(t, createHttpServer));
  atEnd(t, nginx.stop);
  const sha = nextSha();
  const long = sha.padEnd(64, "0");
  const toSignalbox = [
    ["POST", `/repos/acme/app/statuses/${sha}`],
    ["POST", `/api/v3/repos/acme/app/statuses/${long}/`],
    ["POST", `/github.com/api/v3/repos/acme/app/statuses/${sha}`],
    ["POST", `/github.com/repos/acme/app/statuses/${sha}`],
    ["POST", `//repos/acme/app/statuses/${sha}`],
    ["POST", `/api/v3/repositories/7/statuses/${sha}`],
    // Odd spellings, which the shim refuses.
    ["POST", "/repos/acme/app/statuses/main"],
    ["POST", `/repos/acme/app/statuses%2F${sha}`],
    ["POST", `/repos/acme/app/x/../statuses/${sha}`],
    ["POST", `/repos/acme/%61pp/./statuses/${sha}`],
    ["POST", `/api/v3/api/v3/repos/acme/app/statuses/${sha}`],
    ["POST", `/API/v3/github.com/repos/acme/app/statuses/${sha}`],
    ["POST", `/github.com/github.com/repositories/7/Statuses/${sha}`],
    ["POST", `/repos/acme/app/statuses;x/${sha}`],
    ["GET", `/repos/acme/app/commits/${sha}/statuses?per_page=10`],
    ["HEAD", `/api/v3/repos/acme/app/commits/${sha.toUpperCase()}/status`],
    ["GET", `/repos/acme/app/statuses/${long}`],
  ];
  for (const [method, path] of toSignalbox) {
    const { status, body } = await ask(nginx.url + path,
      { method, headers: { authorization: `token ${token}` } });
    assert.equal(status, 200, path);
    if (method === "HEAD") continue;
    assert.equal(body.path, path);
    assert.equal(body.headers.authorization, `token ${token}`);
    assert.equal(body.headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(`https://${body.headers.host}`, nginx.url);
  }
  const toGitHub = [
    ["GET", "/", "/"],
    ["GET", "/api/v3/", "/"],
    ["GET", "/api/v3", "/"],
    ["GET", "/api/v3?a=b", "/?a=b"],
    ["GET", "//repos/acme/app", "/repos/acme/app"],
    ["GET", "/api/v3/repos/acme/app", "/repos/acme/app"],
    ["GET", "/github.com/api/v3/repos/acme/app?a=b%20c", "/repos/acme/app?a=b%20c"],
    ["GET", "/github.com/repos/acme/app", "/repos/acme/app"],
    ["GET", "/api/v3/repos/acme/app/commits/heads%2Fmain/status",
      "/repos/acme/app/commits/heads%2Fmain/status"],
    ["GET", `/repos/acme/app/commits/${sha}`, `/repos/acme/app/commits/${sha}`],
    ["GET", "/repos/acme/app/contents/a%2Fb%20c", "/repos/acme/app/contents/a%2Fb%20c"],
    ["DELETE", `/repos/acme/app/statuses/${sha}`, `/repos/acme/app/statuses/${sha}`],
    ["POST", "/repos/acme/app/check-runs", "/repos/acme/app/check-runs"],
    ["POST", "/repos/acme/app/deployments/7/statuses", "/repos/acme/app/deployments/7/statuses"],
    ["POST", "/graphql", "/graphql"],
    ["POST", "/api/graphql", "/graphql"],
  ];
  for (const [method, path, there] of toGitHub) {
    const { status, body } = await ask(nginx.url + path,
      { method, headers: { authorization: `token ${token}` } });
    assert.equal(status, 200, path);
    assert.equal(body.path, there);
    assert.equal(body.headers.authorization, `token ${token}`);
    assert.equal(body.headers.host, "api.github.com");
    assert.equal(body.headers["x-forwarded-for"], undefined);
  }
  // Git.
  for (const path of ["/acme/app.git/info/refs?service=git-upload-pack",
    "/acme/app.git/git-receive-pack"]) {
    const { body } = await ask(nginx.url + path, { method: "POST" });
    assert.equal(body.path, path);
    assert.equal(body.headers.host, "github.com");
  }
});

test("redirects and addresses in GitHub's answers", options, async (t) => {
  const { github, url } = await startAll(t, [
    // As the configuration says for tools that need it.
    ["#proxy_set_header Accept-Encoding", "proxy_set_header Accept-Encoding"],
    ["#sub_filter", "sub_filter"],
  ]);
  await order(github, "repositories", { full_name: "acme/old", commits: [] });
  await order(github, "rename", { full_name: "acme/old", new_full_name: "acme/new" });
  const headers = { authorization: `token ${token}`, "user-agent": "tool" };
  const moved = await ask(`${url}/repos/acme/old`, { headers });
  assert.equal(moved.status, 301);
  assert.ok(moved.headers.location.startsWith(`${url}/repositories/`), moved.headers.location);
  const { body } = await ask(`${url}/repos/acme/new`, { headers });
  assert.equal(body.url, `${url}/repos/acme/new`);
  assert.equal(body.statuses_url, `${url}/repos/acme/new/statuses/{sha}`);
});

test("only GitHub gets the tool's token", options, async (t) => {
  const github = await startGitHub(t);
  // The certificate of the other side is for another name.
  const nginx = await startNginx(certificate, github.address, github.address,
    [["set $github api.github.com;", "set $github other.example;"]]);
  atEnd(t, nginx.stop);
  const { status } = await ask(`${nginx.url}/repos/${repository}`,
    { headers: { authorization: `token ${token}`, "user-agent": "tool" } });
  assert.equal(status, 502);
});

test("without the shim, tools shall try again", options, async (t) => {
  const github = await startGitHub(t);
  const gone = createHttpServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const door = `127.0.0.1:${gone.address().port}`;
  gone.close();
  const nginx = await startNginx(certificate, github.address, door);
  atEnd(t, nginx.stop);
  const { status, headers, body } = await ask(`${nginx.url}/repos/${repository}/statuses/${nextSha()}`,
    { method: "POST", headers: { authorization: `token ${token}` }, body: '{"state": "success"}' });
  assert.equal(status, 503);
  assert.equal(headers["retry-after"], "5");
  assert.equal(body.message, "Server Error");
});

// A server without callers trusts programs on its own machine. nginx runs there,
// but its clients do not.
for (const shimOptions of [publicUrl, []]) {
  test(`a server without callers lets nobody in, ${shimOptions[0] ?? "and no public URL"}`,
    options, async (t) => {
      const github = await startGitHub(t);
      const server = await startServerAt(t, github, { callers: false });
      const shim = await startRest(server, shimOptions);
      atEnd(t, shim.stop);
      const nginx = await startNginx(certificate, github.address, shim.values[1]);
      atEnd(t, nginx.stop);
      const { status, body } = await ask(
        `${nginx.url}/repos/${repository}/statuses/${nextSha()}`,
        { method: "POST", headers: { authorization: `token ${token}` }, body: '{"state": "success"}' });
      assert.equal(status, 401);
      assert.match(body.message, /callers/);
    });
}
