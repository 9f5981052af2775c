// HTTP clients that this project did not write send GitHub's deliveries to the
// real shim, each in its own way. GitHub (the simulator) must then show those
// commits as pending, and no others.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { sign } from "@octokit/webhooks-methods";
import {
  assertTold, contentTypes, nextSha, payloadsOf, secret, startAll, withCommit,
} from "../deliveries.mjs";
import { scratchDirectory } from "../programs.mjs";

const require = createRequire(import.meta.url);
const examples = [...payloadsOf(require("@octokit/webhooks-examples/api.github.com/index.json"))];
const directory = scratchDirectory();
const run = promisify(execFile);
const postPy = join(dirname(fileURLToPath(import.meta.url)), "post.py");

// Payloads that make their commit pending. One is over a megabyte: clients ask
// before they send so much.
function payloads() {
  const opened = examples.find(({ event, payload }) =>
    event === "pull_request" && payload.action === "opened");
  const push = examples.find(({ event, payload }) =>
    event === "push" && payload.head_commit && payload.ref.startsWith("refs/heads/"));
  const large = structuredClone(push);
  const commit = { ...large.payload.head_commit, message: "\u{1f680} é & = + % ".repeat(50) };
  large.payload.commits = Array(1200).fill(commit);
  assert.ok(JSON.stringify(large.payload).length > 1 << 20);
  return [opened, push, large];
}

// The headers that GitHub sends, in its order.
async function headersOf(event, contentType, body) {
  return {
    "Accept": "*/*",
    "Content-Type": contentType,
    "User-Agent": "GitHub-Hookshot/044aadd",
    "X-GitHub-Delivery": randomUUID(),
    "X-GitHub-Event": event,
    "X-GitHub-Hook-ID": "109948940",
    "X-GitHub-Hook-Installation-Target-ID": "186853002",
    "X-GitHub-Hook-Installation-Target-Type": "repository",
    "X-Hub-Signature": await sign({ secret, algorithm: "sha1" }, body),
    "X-Hub-Signature-256": await sign({ secret, algorithm: "sha256" }, body),
  };
}

let count = 0;
function fileOf(bytes) {
  count += 1;
  const file = join(directory, String(count));
  writeFileSync(file, bytes);
  return file;
}

// Each sends one delivery, some of them several times, and resolves with
// [status, text] of each answer.

function curl(...args) {
  return async (url, headers, body) => {
    const { stdout } = await run("/usr/bin/curl", [
      "--silent", "--show-error", "--max-time", "30", "--write-out", "\\n%{http_code}\\n",
      "--data-binary", `@${fileOf(body)}`,
      ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
      ...args.map((arg) => arg.replace("URL", url)), url,
    ]);
    // The text of an answer, its status, and the same of the next.
    const lines = stdout.trimEnd().split("\n").filter((line) => line !== "");
    return lines.filter((_, i) => i % 2).map((status, i) => [Number(status), `${lines[2 * i]}\n`]);
  };
}

function python(way) {
  return async (url, headers, body) => {
    const { stdout } = await run("/usr/bin/python3",
      [postPy, url, fileOf(body), fileOf(JSON.stringify(headers)), way]);
    return JSON.parse(stdout);
  };
}

function fetched(bodyOf) {
  return async (url, headers, body) => {
    const answer = await fetch(url,
      { method: "POST", headers, body: bodyOf(body), duplex: "half" });
    return [[answer.status, await answer.text()]];
  };
}

function streamOf(body) {
  const bytes = Buffer.from(body);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + 7000));
      at += 7000;
    },
  });
}

// A body in small pieces, with a pause between the first of them.
async function* piecesOf(body) {
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += 2000) {
    yield bytes.subarray(at, at + 2000);
    if (at < 10000) await new Promise((resolve) => { setImmediate(resolve); });
  }
}

async function nodeHttp(url, headers, body) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers = [];
  for (let i = 0; i < 3; ++i) {
    answers.push(await new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", headers, agent }, async (answer) => {
        let text = "";
        for await (const piece of answer) text += piece;
        resolve([answer.statusCode, text]);
      });
      sent.on("error", reject);
      sent.end(body);
    }));
  }
  agent.destroy();
  return answers;
}

// A request whose bytes are all written here.
function raw(textOf, piece = Infinity) {
  return (url, headers, body) => new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(url);
    const length = Buffer.byteLength(body);
    const bytes = Buffer.from(textOf(headers, { host, length }).join("\r\n") + "\r\n\r\n" + body);
    const socket = connect({ host: hostname, port }, async () => {
      socket.setNoDelay(true);
      for (let at = 0; at < bytes.length && !socket.destroyed; at += piece) {
        socket.write(bytes.subarray(at, at + piece));
        if (piece !== Infinity) await new Promise((next) => { setImmediate(next); });
      }
    });
    let answer = "";
    socket.on("data", (data) => { answer += data; });
    socket.on("error", reject);
    socket.on("close", () => {
      const [, status, text] = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n([^]*)$/.exec(answer);
      resolve([[Number(status), text]]);
    });
  });
}

const lines = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

// `gh webhook forward`: Go's way to write names, and its order.
function likeGh(headers, { host, length }) {
  const canonical = (name) => name.toLowerCase().replace(/(^|-)[a-z]/g, (c) => c.toUpperCase());
  return ["POST /event_handler HTTP/1.1", `Host: ${host}`, "User-Agent: Go-http-client/1.1",
    `Content-Length: ${length}`,
    ...lines(headers).map((line) => canonical(line.split(":")[0]) + line.slice(line.indexOf(":")))
      .filter((line) => !line.startsWith("User-Agent")).sort(),
    "Accept-Encoding: gzip"];
}

// ngrok's edge.
function likeNgrok(headers, { length }) {
  return ["POST /event_handler HTTP/1.1", "Host: your-name.ngrok.app",
    ...lines(headers).reverse(), `Content-Length: ${length}`, "Accept-Encoding: gzip",
    "X-Forwarded-For: 140.82.115.7", "X-Forwarded-Host: your-name.ngrok.app",
    "X-Forwarded-Proto: https", "ngrok-skip-browser-warning: true"];
}

// A proxy in front that speaks HTTP/2, where names have no capitals.
function inLowerCase(headers, { host, length }) {
  return ["POST /event_handler?source=github HTTP/1.1", `content-length:${length}`,
    ...lines(headers).map((line) => line.split(":")[0].toLowerCase() + line.slice(line.indexOf(":"))),
    "via: 2.0 proxy", "forwarded: for=140.82.115.7;proto=https", "x-request-id: 1", `host:${host}`];
}

function inCapitals(headers, { host, length }) {
  return ["POST /event_handler HTTP/1.1", `HOST: ${host}`, `CONTENT-LENGTH: \t ${length} \t`,
    ...lines(headers).map((line) =>
      line.split(":")[0].toUpperCase() + line.slice(line.indexOf(":")) + "  ")];
}

// nginx's way to speak to its upstream.
function http10(headers, { length }) {
  return ["POST /event_handler HTTP/1.0", "Connection: close", `Content-Length: ${length}`,
    ...lines(headers)];
}

const clients = {
  "curl": curl(),
  "curl, HTTP/1.0": curl("--http1.0"),
  "curl, HTTP/2 where it can be had": curl("--http2"),
  "curl, chunked": curl("--header", "Transfer-Encoding: chunked"),
  "curl, asking first": curl("--header", "Expect: 100-continue"),
  "curl, asking first, chunked": curl("--header", "Expect: 100-continue",
    "--header", "Transfer-Encoding: chunked"),
  "curl, not asking": curl("--header", "Expect:"),
  "curl, closing": curl("--header", "Connection: close"),
  "curl, keeping the connection": curl("--header", "Connection: keep-alive", "--keepalive-time",
    "60", "URL", "URL"),
  "curl, taking compressed answers": curl("--compressed"),
  "curl, following redirects": curl("--location", "--post301", "--post302"),
  "fetch of text": fetched((body) => body),
  "fetch of bytes": fetched((body) => new TextEncoder().encode(body)),
  "fetch of a blob": fetched((body) => new Blob([body])),
  "fetch of a stream": fetched(streamOf),
  "fetch of pieces": fetched(piecesOf),
  "node:http, keeping the connection": nodeHttp,
  "requests of bytes": python("bytes"),
  "requests of a file": python("file"),
  "requests of a generator": python("chunked"),
  "requests in a session": python("session"),
  "gh webhook forward": raw(likeGh),
  "ngrok": raw(likeNgrok),
  "names in lower case": raw(inLowerCase),
  "names in capitals": raw(inCapitals),
  "HTTP/1.0 without a host": raw(http10),
  "HTTP/1.0 in small pieces": raw(http10, 1999),
};

test("deliveries come through every client", async (t) => {
  const { simulator, server, shim } = await startAll(t);
  const expected = new Set();
  let sent = 0;
  for (const [name, send] of Object.entries(clients)) {
    for (const { event, payload } of payloads()) {
      for (const [contentType, encode] of Object.entries(contentTypes)) {
        const sha = nextSha();
        const body = encode(JSON.stringify(withCommit(event, payload, sha)));
        const answers = await send(shim.url, await headersOf(event, contentType, body), body);
        const label = `${name}: ${event}, ${body.length} bytes of ${contentType}`;
        assert.ok(answers.length > 0, label);
        for (const answer of answers) assert.deepEqual(answer, [202, "accepted\n"], label);
        expected.add(`${payload.repository.full_name} ${sha} pending`);
        sent += answers.length;
      }
    }
  }
  assert.ok(sent > 160, `${sent} deliveries`);
  await assertTold(simulator, server, expected);
});

test("no client's delivery passes with another signature", async (t) => {
  const { simulator, server, shim } = await startAll(t);
  const [{ event, payload }] = payloads();
  for (const [name, send] of Object.entries(clients)) {
    for (const [contentType, encode] of Object.entries(contentTypes)) {
      const body = encode(JSON.stringify(withCommit(event, payload, nextSha())));
      const headers = await headersOf(event, contentType, body);
      headers["X-Hub-Signature-256"] =
        await sign({ secret: `${secret}.`, algorithm: "sha256" }, body);
      for (const answer of await send(shim.url, headers, body)) {
        assert.deepEqual(answer, [401, "signature missing or wrong\n"], name);
      }
    }
  }
  await assertTold(simulator, server, []);
});

// The first is from GitHub's documentation. The others were computed with
// another implementation of HMAC.
const vectors = [
  { body: "Hello, World!", status: 400,
    signature: "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
  { body: '{"zen":"Hello, World!"}', status: 200,
    signature: "e942fa2603c3a85869253af3951ae284b56bde839722162af17b21671dcc0d94" },
  { body: "payload=%7B%22zen%22%3A%22Hello%2C+World%21%22%7D", status: 200, form: true,
    signature: "8159d769287f2ebd6c3feda2555a34670eb215b67ef81be37d2a4fc36418f7d8" },
  { body: Buffer.from("7b227469746c65223a22636166c3a920f09f909b227d", "hex"), status: 200,
    event: "star", signature: "2ab172a34b2c7d76ab6db62e6b66670b0647d850cd9fcd69cc91df9d5b4b2e7f" },
  { body: "", status: 400,
    signature: "66a0c074deaa0f489ead6537e0d32f9a344b90bbeda705b6ed45ecd3b413fb40" },
];

test("GitHub's signatures are known from others", async (t) => {
  const { shim } = await startAll(t);
  for (const { body, status, signature, event = "ping", form = false } of vectors) {
    const other = signature.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    const signatures = [
      [{ "X-Hub-Signature-256": `sha256=${signature}` }, status],
      [{ "X-Hub-Signature-256": `sha256=${other}` }, 401],
      [{ "X-Hub-Signature-256": signature }, 401],
      [{ "X-Hub-Signature-256": `sha256=${signature.toUpperCase()}` }, 401],
      [{ "X-Hub-Signature-256": `sha1=${signature}` }, 401],
      [{ "X-Hub-Signature": `sha256=${signature}` }, 401],
      [{}, 401],
    ];
    for (const [signed, wanted] of signatures) {
      const headers = {
        "Content-Type": form ? "application/x-www-form-urlencoded" : "application/json",
        "X-GitHub-Event": event, "X-GitHub-Delivery": randomUUID(), ...signed,
      };
      for (const name of ["curl", "requests of bytes", "fetch of bytes"]) {
        const [[answered]] = await clients[name](shim.url, headers, body);
        assert.equal(answered, wanted, `${name}: ${body}, ${JSON.stringify(signed)}`);
      }
    }
  }
  // SHA-1 alone, with the right signature.
  const [[status]] = await clients.curl(shim.url, {
    "Content-Type": "application/json", "X-GitHub-Event": "ping", "X-GitHub-Delivery": "1",
    "X-Hub-Signature": "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59",
  }, "Hello, World!");
  assert.equal(status, 401);
});
