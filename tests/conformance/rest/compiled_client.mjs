// Runs a client that is a program of its own against the door, and checks what
// GitHub (the simulator) shows in the end.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

import { nextShaAt, repository, startAll, token } from "./world.mjs";
import { shown } from "../programs.mjs";

const run = promisify(execFile);

// "go1.25.1"; "": there is no Go.
export const goVersion = (() => {
  try {
    return execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
})();

// Why Go cannot build the modules in go/; false: it can.
export const whyNoModules = (() => {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(goVersion) ?? [];
  return major > 1 || minor >= 25 ? false : `needs Go 1.25, found ${goVersion || "none"}`;
})();

// Runs `command` with `args` and the arguments URL TOKEN SHA PAGED_SHA EMPTY_SHA;
// the URL ends with `prefix`. The program fails if an answer is not as it
// expects, and sets
//
// - the four states of SHA, in the contexts ci/STATE, with a description that is
//   too long and has a character that GitHub refuses, and a link,
// - success of PAGED_SHA in the contexts ci/0 to ci/30, and in `more`.
//
// It is refused other reports of EMPTY_SHA.
export async function checkClient(t, command, args, { prefix = "", more = [] } = {}) {
  const { simulator, url } = await startAll(t);
  const sha = await nextShaAt(simulator);
  const paged = await nextShaAt(simulator);
  const empty = await nextShaAt(simulator);
  await run(command, [...args, `${url}${prefix}`, token, sha, paged, empty],
    { timeout: 120000 });

  const states = ["error", "failure", "pending", "success"];
  const four = await shown(simulator.url, repository, sha, (commit) => commit.shown.length === 4);
  assert.deepEqual(four.shown.map(({ context, state }) => [context, state]).sort(),
    states.map((state) => [`ci/${state}`, state]));
  for (const { description, target_url, state } of four.shown) {
    assert.equal([...description].length, 140);
    assert.match(description, /éé…$/);
    assert.equal(target_url, `https://ci.example/${state}`);
  }
  const contexts = [...Array(31).keys()].map((i) => `ci/${i}`).concat(more).sort();
  const all = await shown(simulator.url, repository, paged,
    (commit) => commit.shown.length >= contexts.length);
  assert.deepEqual(all.shown.map(({ context }) => context).sort(), contexts);
  assert.ok(all.shown.every(({ state }) => state === "success"));
  // The door refused these reports, so the server has not posted them.
  const none = await shown(simulator.url, repository, empty, () => true);
  assert.deepEqual(none.shown, []);
}
