// Command lines post and read statuses through Signalbox: gh, hub, and a script
// with curl and jq.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { scratchDirectory } from "../programs.mjs";
import {
  creators, nextShaAt, push, repository, showsAtGitHub, startAll, token,
} from "./world.mjs";

const STATES = ["pending", "success", "failure", "error"];

// Runs a command; resolves with its exit code and its output.
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: 60000, ...options }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") return reject(error);
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

// A function that runs gh, which thinks that it speaks to GitHub Enterprise.
function ghFor(secret = token) {
  const home = scratchDirectory();
  const env = { PATH: process.env.PATH, HOME: home, GH_CONFIG_DIR: home,
    GH_ENTERPRISE_TOKEN: secret, GH_NO_UPDATE_NOTIFIER: "1" };
  return (...args) => run("/usr/bin/gh", ["api", ...args], { env });
}

test("gh api", async (t) => {
  const { simulator, url } = await startAll(t);
  const gh = ghFor();
  const sha = await nextShaAt(simulator);
  const at = (path) => `${url}/api/v3/repos/${repository}/${path}`;
  const post = (fields, to = at(`statuses/${sha}`)) =>
    gh("--method", "POST", to, ...Object.entries(fields).flatMap(
      ([name, value]) => ["--raw-field", `${name}=${value}`]));
  for (const state of STATES) {
    const { code, stdout, stderr } = await post({ state, context: `ci/${state}`,
      description: `\u{1f680} ${"é".repeat(200)}`, target_url: `https://ci.example/${state}` });
    assert.equal(code, 0, stderr);
    const made = JSON.parse(stdout);
    assert.equal(made.state, state);
    assert.equal([...made.description].length, 140);
  }
  const { shown } = await showsAtGitHub(simulator, sha,
    STATES.map((state) => [`ci/${state}`, state]));
  for (const row of shown) assert.equal(row.target_url, `https://ci.example/${row.state}`);
  const combined = await gh(at(`commits/${sha}/status`), "--jq", ".state, .total_count");
  assert.equal(combined.stdout, "failure\n4\n");
  const refusals = [
    [422, await post({ state: "done" })],
    [403, await post({ state: "success", context: "not-granted" })],
    [404, await post({ state: "success" }, `${url}/api/v3/repos/other/app/statuses/${sha}`)],
    [401, await ghFor("unknown")(at(`commits/${sha}/status`))],
  ];
  for (const [status, { code, stdout, stderr }] of refusals) {
    assert.equal(code, 1, stdout);
    assert.match(stderr, new RegExp(`\\(HTTP ${status}\\)`));
  }
});

test("gh api reads 31 contexts page by page", async (t) => {
  const { simulator, url } = await startAll(t);
  const gh = ghFor();
  const sha = await nextShaAt(simulator);
  const wanted = Array.from({ length: 31 }, (_, i) => [`ci/${i}`, STATES[i % 4]]);
  const base = `${url}/api/v3/repos/${repository}`;
  for (const [context, state] of wanted) {
    const { code, stderr } = await gh(`${base}/statuses/${sha}`,
      "-f", `state=${state}`, "-f", `context=${context}`);
    assert.equal(code, 0, stderr);
  }
  const { stdout } = await gh("--paginate", `${base}/commits/${sha}/statuses?per_page=10`,
    "--jq", ".[].context");
  assert.deepEqual(stdout.trim().split("\n"), wanted.map(([context]) => context).reverse());
  await showsAtGitHub(simulator, sha, wanted);
});

test("hub ci-status", { skip: !existsSync("/usr/bin/hub") && "hub is not installed" }, async (t) => {
  const { url } = await startAll(t);
  const host = new URL(url).host;
  const home = scratchDirectory();
  mkdirSync(join(home, ".config"));
  writeFileSync(join(home, ".config", "hub"),
    `${host}:\n- user: farm\n  oauth_token: ${token}\n  protocol: http\n`);
  const env = { PATH: process.env.PATH, HOME: home, GITHUB_HOST: host, GIT_CONFIG_NOSYSTEM: "1" };
  const git = (...args) => run("git", args, { cwd: home, env });
  await git("init", "--quiet");
  await git("remote", "add", "origin", `http://${host}/${repository}.git`);
  const status = (sha) => run("/usr/bin/hub", ["ci-status", "-v", sha], { cwd: home, env });
  // hub asks git for the commit, so git must have it.
  const commit = async (message) => {
    await git("-c", "user.name=a", "-c", "user.email=a@example.com",
      "commit", "--quiet", "--allow-empty", "-m", message);
    return (await git("rev-parse", "HEAD")).stdout.trim();
  };
  const none = await status(await commit("none"));
  assert.match(none.stdout + none.stderr, /no status/);
  for (const [state, exit] of [["success", 0], ["pending", 2], ["failure", 1]]) {
    const sha = await commit(state);
    const answer = await fetch(`${url}/repos/${repository}/statuses/${sha}`, {
      method: "POST", headers: { authorization: `token ${token}` },
      body: JSON.stringify({ state, context: "ci/build", target_url: "https://ci.example/1" }) });
    assert.equal(answer.status, 201);
    const { code, stdout, stderr } = await status(sha);
    assert.equal(code, exit, stdout + stderr);
    assert.match(stdout, /ci\/build.*https:\/\/ci\.example\/1/);
  }
});

// What a pipeline's resource does that finds its own status again.
const SCRIPT = `
set -eu
api() { curl --silent --show-error --fail --header "Authorization: token $TOKEN" "$@"; }
jq -n --arg sha "$SHA" '{state: "success", context: "ci/pipeline", description: "\\u00fcber \\(1 + 1)",
  target_url: "https://ci.example/builds/1"}' |
  api --data @- "$DOOR/repos/$REPOSITORY/statuses/$SHA" >made.json
id=$(jq -r .id made.json)
api "$DOOR/repos/$REPOSITORY/commits/$BRANCH/status" >branch.json
jq -e -r --argjson id "$id" '.sha, (.statuses[] | select(.id == $id) | .state, .context, .description)' branch.json
api "$DOOR/repos/$REPOSITORY/statuses/$SHA" |
  jq -e -r --argjson id "$id" '.[] | select(.id == $id) | .creator.login'
`;

test("a script finds the id of its status again, by branch", async (t) => {
  const all = await startAll(t);
  const { simulator, url } = all;
  const runScript = (sha, branch) => run("/bin/sh", ["-c", SCRIPT], {
    cwd: scratchDirectory(),
    env: { PATH: process.env.PATH, DOOR: url, TOKEN: token, REPOSITORY: repository, SHA: sha,
      BRANCH: encodeURIComponent(branch) } });
  // Signalbox learns the branches only of repositories with a report.
  const unknown = await runScript(await nextShaAt(simulator), "master");
  assert.match(unknown.stderr, /422/);
  for (const branch of ["master", "feature/a b"]) {
    const sha = await nextShaAt(simulator);
    await push(all, branch, sha);
    const { code, stdout, stderr } = await runScript(sha, branch);
    assert.equal(code, 0, stderr);
    const [creator, ...shown] = stdout.trim().split("\n").reverse();
    assert.deepEqual(shown.reverse(), [sha, "success", "ci/pipeline", "über 2"]);
    assert.ok(creators.includes(creator), creator);
    await showsAtGitHub(simulator, sha, [["ci/pipeline", "success"]]);
  }
});
