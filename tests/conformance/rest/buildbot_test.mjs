// A Buildbot master with a worker posts how its builds go.
//
// SIGNALBOX_CLIENTS_VENV is the virtual environment with Buildbot.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { scratchDirectory } from "../programs.mjs";
import { nextShaAt, repository, showsAtGitHub, startAll, token } from "./world.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const buildbot = join(process.env.SIGNALBOX_CLIENTS_VENV, "bin", "buildbot");

// Starts a master that builds `sha`; the test `t` stops it.
async function startMaster(t, door, sha) {
  const directory = join(scratchDirectory(), "master");
  await promisify(execFile)(buildbot,
    ["create-master", `--config=${join(here, "buildbot_master.py")}`, directory]);
  const master = spawn(buildbot, ["start", "--nodaemon", directory], {
    stdio: "ignore",
    env: { PATH: process.env.PATH, HOME: directory, PYTHONDONTWRITEBYTECODE: "1",
      DOOR: door, TOKEN: token, REPOSITORY: repository, SHA: sha } });
  process.on("exit", () => master.kill("SIGKILL"));
  t.after(async () => {
    if (master.exitCode !== null) return;
    master.kill("SIGTERM");
    await once(master, "exit");
  });
  return { log: () => readFileSync(join(directory, "twistd.log"), "utf8") };
}

for (const prefix of ["/api/v3", ""]) {
  test(`Buildbot posts at ${prefix || "the bare address"}`, async (t) => {
    const { simulator, url } = await startAll(t);
    const sha = await nextShaAt(simulator);
    const master = await startMaster(t, `${url}${prefix}`, sha);
    const shown = await showsAtGitHub(simulator, sha, [
      ["ci/buildbot/passes", "success"], ["ci/buildbot/fails", "failure"],
      ["ci/buildbot/breaks", "error"]]).catch((error) => assert.fail(`${error}\n${master.log()}`));
    for (const row of shown.shown) {
      assert.equal(row.description, "Build done.");
      assert.match(row.target_url, /^https:\/\/ci\.example\/#\/builders\/\d+\/builds\/1$/);
    }
    const answer = await fetch(`${url}/repos/${repository}/commits/${sha}/statuses?per_page=100`,
      { headers: { authorization: `token ${token}` } });
    const listed = await answer.json();
    for (const name of ["passes", "fails", "breaks"]) {
      const texts = listed.filter(({ context }) => context === `ci/buildbot/${name}`)
        .map(({ description }) => description).reverse();
      assert.deepEqual(texts, ["Build pending.", "Build started.", "Build done."]);
    }
  });
}
