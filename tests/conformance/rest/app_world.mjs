// What tests of tools that authenticate as GitHub Apps need: the simulator as
// GitHub, a server with one caller that is an App and has no token, and a shim.

import { createHash, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  postJson, scratchDirectory, startRest, startServer, startSimulator,
} from "../programs.mjs";

export const owner = "acme";
export const repo = "app";
export const appId = 7;
// A commit of `repo` at GitHub.
export const sha = createHash("sha1").update("a commit").digest("hex");

export function newKeyPair() {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}
export const { publicKey, privateKey } = newKeyPair();

// Starts everything; the test `t` stops it. -> { simulator, shim }. The App may
// report `ci/*` for all repositories of `owner` and for labs/tool, and read.
export async function startAll(t) {
  const simulator = await startSimulator();
  await postJson(`${simulator.url}/_simulator/repositories`,
    { full_name: `${owner}/${repo}`, commits: [sha] });
  const directory = scratchDirectory();
  const keyFile = join(directory, "argo.pem");
  writeFileSync(keyFile, publicKey);
  const config = join(directory, "server.yaml");
  writeFileSync(config, [
    "callers:", "- name: argo", `  app: {app_id: ${appId}, public_key_file: ${keyFile}}`,
    `  repositories: [${owner}/*, labs/tool]`, "  contexts: [\"ci/*\"]",
    "  rights: [report, read]", ""].join("\n"));
  const server = await startServer(simulator.url, ["--config", config]);
  const shim = await startRest(server.address);
  t.after(async () => {
    await shim.stop();
    await server.stop();
    await simulator.stop();
  });
  return { simulator, shim };
}
