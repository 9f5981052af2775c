// Runs Signalbox's programs for a test, each on its own port.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const bin = process.env.SIGNALBOX_BIN_DIR;
if (!bin) throw new Error("SIGNALBOX_BIN_DIR is not set: where the programs are");

// Every program and directory is cleaned up at the end.
process.setMaxListeners(0);

// A directory that is removed when the process ends.
export function scratchDirectory() {
  const directory = mkdtempSync(join(tmpdir(), "signalbox-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const ends = new WeakMap();

// Calls `stop` at the end of the test `t`, before those that were given earlier.
// All are called, even if one fails; the test then fails, too. To be called right
// after each start: a program that goes on would keep the test from ending.
export function atEnd(t, stop) {
  if (!ends.has(t)) {
    const stops = [];
    ends.set(t, stops);
    t.after(async () => {
      const errors = [];
      for (const one of stops.reverse()) {
        try {
          await one();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    });
  }
  ends.get(t).push(stop);
}

// Starts `command`, and resolves when it has printed every one of `lines`, with
// the text after each. Kills it when the process ends.
export async function start(command, args, { env = {}, lines = ["listening on "] } = {}) {
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.on("exit", () => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (text) => { log += text; });
  const values = [];
  await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${command} ended with ${code}:\n${log}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const wanted = lines[values.length];
      if (wanted === undefined || !line.includes(wanted)) return;
      values.push(line.slice(line.indexOf(wanted) + wanted.length));
      if (values.length === lines.length) resolve();
    });
  });
  const stop = () => new Promise((resolve) => {
    child.removeAllListeners("exit");
    if (child.exitCode !== null) return resolve(child.exitCode);
    child.on("exit", resolve);
    child.kill("SIGTERM");
  });
  return { child, values, stop, log: () => log };
}

// Stopping it fails if its clients did what GitHub asks them not to do.
export async function startSimulator(args = []) {
  const simulator = await start(join(bin, "signalbox-github-simulator"),
    ["--listen", "127.0.0.1:0", "--token", "token", ...args]);
  simulator.url = `http://${simulator.values[0]}`;
  const { stop } = simulator;
  simulator.stop = async () => {
    const { max_in_flight, request_count, ...counters } =
      await getJson(`${simulator.url}/_simulator/counters`);
    const code = await stop();
    assert.ok(Object.keys(counters).length >= 6);
    for (const [name, count] of Object.entries(counters)) assert.equal(count, 0, name);
    return code;
  };
  return simulator;
}

// With `listen` and `dataDir` of a server that was stopped, it goes on from there.
export async function startServer(githubUrl, args = [],
  { listen = "127.0.0.1:0", dataDir = join(scratchDirectory(), "data") } = {}) {
  const server = await start(join(bin, "signalbox-server"),
    ["--listen", listen, "--web-listen", "127.0.0.1:0",
      "--data-dir", dataDir, "--github-api-url", githubUrl, ...args],
    { env: { GITHUB_TOKEN: "token" }, lines: ["grpc listening on "] });
  server.address = server.values[0];
  server.dataDir = dataDir;
  return server;
}

// A file that holds `secret`.
export function secretFileOf(secret) {
  const file = join(scratchDirectory(), "secret");
  writeFileSync(file, secret);
  return file;
}

// A file with the SHA-256 of `secret`, for a caller's `token_sha256_file`.
export function digestFileOf(secret) {
  return secretFileOf(createHash("sha256").update(secret).digest("hex"));
}

export async function startShim(serverAddress, secretFile, args = []) {
  const shim = await start(join(bin, "signalbox-shim"),
    ["--listen", "127.0.0.1:0", "--server", serverAddress,
      "--webhook-secret-file", secretFile, ...args]);
  shim.url = `http://${shim.values[0]}/event_handler`;
  return shim;
}

// A shim with the door for tools that speak GitHub's REST API, at `restUrl`.
export async function startRest(serverAddress, args = []) {
  const shim = await start(join(bin, "signalbox-shim"),
    ["--listen", "127.0.0.1:0", "--server", serverAddress, "--insecure-no-signature",
      "--rest-listen", "127.0.0.1:0", ...args],
    { lines: ["listening on ", "GitHub's REST API on "] });
  shim.restUrl = `http://${shim.values[1]}`;
  return shim;
}

// Runs the CLI; resolves with its exit code and output.
export function signalbox(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(bin, "signalbox"), args,
      { env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (text) => { output += text; });
    child.stderr.on("data", (text) => { output += text; });
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, output }));
  });
}

export async function getJson(url) {
  const answer = await fetch(url);
  return answer.json();
}

export async function postJson(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

// Resolves with what the simulator shows of a commit, once `done(it)`.
export async function shown(simulatorUrl, repository, sha, done) {
  const deadline = Date.now() + 30000;
  let next = 0;
  for (;;) {
    const commit = await getJson(
      `${simulatorUrl}/_simulator/statuses?repository=${repository}&sha=${sha}`);
    if (done(commit)) return commit;
    if (Date.now() > deadline) {
      throw new Error(`the simulator never showed it: ${JSON.stringify(commit)}`);
    }
    next = (await getJson(`${simulatorUrl}/_simulator/events?after=${next}&wait=2`)).next;
  }
}
