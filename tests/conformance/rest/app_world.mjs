// What tests of tools that authenticate as GitHub Apps need: the simulator as
// GitHub, a server with one caller that is an App and has no token, and a shim
// whose door is behind a proxy that checks every answer against GitHub's
// description.

import { createHash, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  atEnd, postJson, scratchDirectory, startRest, startServer, startSimulator,
} from "../programs.mjs";
import { startValidatingProxy } from "../validating_proxy.mjs";
import { endCleanly, pathAtGitHub } from "./world.mjs";

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

// ghinstallation sends `null` as the options of a token, and GitHub takes it.
const forgiven = /access_tokens -> 201: accepted a request that \/ must be object/;

// Starts everything; the test `t` stops it. -> { simulator, proxy, url }; clients
// use `url`. The App may report `ci/*` for all repositories of `owner` and for
// labs/tool, and read.
export async function startAll(t) {
  const simulator = await startSimulator();
  atEnd(t, simulator.stop);
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
  atEnd(t, server.stop);
  const shim = await startRest(server.address);
  atEnd(t, shim.stop);
  const proxy = await startValidatingProxy({ pathOf: pathAtGitHub });
  proxy.setTarget(shim.restUrl);
  endCleanly(t, proxy, forgiven);
  return { simulator, proxy, url: proxy.url };
}
