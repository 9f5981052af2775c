// Shared by the simulator's clients that use octokit. Each is started with the
// API's base URL as its argument.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";

import { Octokit, RequestError } from "octokit";

export const baseUrl = process.argv[2];

export async function control(path, body) {
  const response = await fetch(`${baseUrl}/_simulator/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

export const clientOptions = {
  baseUrl,
  userAgent: "signalbox-conformance",
  // The tests retry and wait by themselves.
  retry: { enabled: false },
  throttle: { enabled: false },
  log: { debug() {}, info() {}, warn() {}, error() {} },
};

export function client(token) {
  return new Octokit({ ...clientOptions, auth: token });
}

// The error of a failed call, which must be the client's own.
export async function failure(call, status) {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    assert.equal(error.status, status, error.message);
    return error;
  }
  assert.fail(`no error ${status}`);
}

// The key of an App.
export function newKey() {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
}

// Runs each; the process fails if one does.
export async function run(tests) {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok: ${name}`);
    } catch (error) {
      console.error(`FAILED: ${name}\n${error.stack}`);
      process.exitCode = 1;
    }
  }
}
