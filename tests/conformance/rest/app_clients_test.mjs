// Clients in other languages authenticate as a GitHub App and post through
// Signalbox: octokit.rb, PyGithub, and with Go ghinstallation and go-github.
//
//   node --test app_clients_test.mjs    SIGNALBOX_CLIENTS names the clients, of
//                                       `ruby`, `python` (of SIGNALBOX_PYTHON)
//                                       and `go`

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { scratchDirectory, secretFileOf, shown } from "../programs.mjs";
import { appId, owner, privateKey, repo, sha, startAll } from "./app_world.mjs";
import { whyNoModules } from "./compiled_client.mjs";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

// Each gets BASE_URL APP_ID KEY_FILE SHA, the last of a commit of acme/app.
const COMMANDS = {
  ruby: async () => ["/usr/bin/ruby", join(here, "app.rb")],
  python: async () => [process.env.SIGNALBOX_PYTHON, "-B", join(here, "python/app.py")],
  go: async () => {
    const program = join(scratchDirectory(), "ghinstallation");
    await run("go", ["build", "-o", program, "./ghinstallation"], { cwd: join(here, "go") });
    return [program];
  },
};

for (const client of process.env.SIGNALBOX_CLIENTS.split(" ")) {
  const options = { skip: client === "go" && whyNoModules };
  test(`${client} as an App`, options, async (t) => {
    const command = await COMMANDS[client]();
    const { simulator, proxy, url } = await startAll(t);
    const keyFile = secretFileOf(privateKey);
    for (const prefix of ["", "/api/v3"]) {
      // Fails, with the output, if the program does.
      await run(command[0],
        [...command.slice(1), url + prefix, `${appId}`, keyFile, sha], { timeout: 60000 });
    }
    const there = await shown(simulator.url, `${owner}/${repo}`, sha,
      (commit) => commit.shown.some(({ state }) => state === "success"));
    assert.deepEqual(there.shown.map(({ context }) => context), ["ci/argo"]);
    assert.ok(proxy.answers.has("apps/create-installation-access-token 201"));
  });
}
