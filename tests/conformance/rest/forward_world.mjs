// What tests of tools that keep their GitHub token need: the simulator as GitHub,
// a server that knows the tool's token, and a shim that forwards. Proxies on both
// sides of Signalbox check every answer against GitHub's description, and note
// which token GitHub got.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  atEnd, digestFileOf, postJson, scratchDirectory, startRest, startServer, startSimulator,
} from "../programs.mjs";
import { startValidatingProxy } from "../validating_proxy.mjs";
import { startNginx } from "./nginx.mjs";
import { endCleanly, nextShaAt, owner, pathAtGitHub, repository } from "./world.mjs";

// GitHub knows the first two, and the server all but the last. Only the first may
// go on: the second has no `forward`, and the third not the form of GitHub's.
export const toolToken = "ghp_ofTheTool";
export const keeperToken = "ghp_ofAToolThatOnlyPosts";
export const farmToken = "sbt_ofTheFarm";
export const strangeToken = "ghp_ofAStranger";
const pullRequestCount = 25;

function configuration() {
  const lines = ["callers:"];
  for (const [name, token, forward] of [
    ["tool", toolToken, true], ["keeper", keeperToken, false], ["farm", farmToken, true],
  ]) {
    lines.push(`- name: ${name}`, `  token_sha256_file: ${digestFileOf(token)}`,
      `  repositories: [${repository}]`, "  contexts: [\"ci*\"]", "  rights: [report, read]",
      `  forward: ${forward}`);
  }
  const file = join(scratchDirectory(), "server.yaml");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

// Starts everything; the test `t` stops it. -> { simulator, url, authorizations };
// tools use `url`, and `authorizations` has the header of each request that
// GitHub got. `certificate`: nginx stands in front, with this one.
export async function startAll(t, certificate) {
  const authorizations = [];
  const atGitHub = await startValidatingProxy(
    { onRequest: ({ headers }) => authorizations.push(headers.authorization) });
  endCleanly(t, atGitHub);
  const simulator = await startSimulator(
    ["--token", toolToken, "--token", keeperToken, "--base-url", atGitHub.url]);
  atEnd(t, simulator.stop);
  atGitHub.setTarget(simulator.url);
  const server = await startServer(atGitHub.url, ["--config", configuration()]);
  atEnd(t, server.stop);
  const door = await startValidatingProxy({ pathOf: pathAtGitHub });
  endCleanly(t, door);
  const shimArgs = ["--rest-forward"];
  let { url } = door;
  if (certificate !== undefined) {
    // Everything but Git goes to the shim, and nothing to GitHub.
    const nginx = await startNginx(certificate, "127.0.0.1:9", new URL(door.url).host,
      [["default 0;", "default 1;"]]);
    atEnd(t, nginx.stop);
    ({ url } = nginx);
    shimArgs.push("--rest-public-url", url);
  }
  const shim = await startRest(server.address, shimArgs);
  atEnd(t, shim.stop);
  door.setTarget(shim.restUrl);
  await makeRepository(simulator);
  return { simulator, url, authorizations };
}

// A repository with pull requests and a hook, whose administrator is the tool.
async function makeRepository(simulator) {
  const order = (what, body) => postJson(`${simulator.url}/_simulator/${what}`, body);
  await order("repositories", { full_name: "acme/old" });
  await order("rename", { full_name: "acme/old", new_full_name: repository });
  const sha = await nextShaAt(simulator);
  for (let i = 0; i < pullRequestCount; ++i) {
    await order("pull_requests", { full_name: repository, sha });
  }
  for (const where of [repository, owner]) {
    await order("roles", { where, token: toolToken, role: "admin" });
  }
  await order("scopes", { token: toolToken, scopes: "repo, admin:repo_hook" });
  await order("hooks", { repository, url: "http://127.0.0.1:9/hook", active: false });
}
