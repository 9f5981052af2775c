// What the clients of the simulator that use octokit share. They are started
// with the API's base URL as their argument.

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
  // Retrying and waiting are the caller's affair here.
  retry: { enabled: false },
  throttle: { enabled: false },
  log: { debug() {}, info() {}, warn() {}, error() {} },
};

export function client(token) {
  return new Octokit({ ...clientOptions, auth: token });
}

// The error that a call ends with, which must be the client's own.
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
