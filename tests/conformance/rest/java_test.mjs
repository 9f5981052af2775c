// hub4j's github-api posts through Signalbox. Needs a JDK and Maven; downloads
// what java/pom.xml names.

import { execFile, execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import test, { before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { checkClient } from "./compiled_client.mjs";
import { startAll as startForward, toolToken } from "./forward_world.mjs";
import { scratchDirectory } from "../programs.mjs";
import { nextShaAt, showsAtGitHub } from "./world.mjs";

const run = promisify(execFile);
const source = join(dirname(fileURLToPath(import.meta.url)), "java");
const bin = scratchDirectory();

function hasTools() {
  try {
    for (const tool of ["javac", "mvn"]) execFileSync(tool, ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const options = { skip: hasTools() ? false : "needs a JDK and Maven" };

before(async () => {
  if (options.skip) return;
  await run("mvn", ["--quiet", "--batch-mode", "--file", join(source, "pom.xml"),
    "dependency:copy-dependencies", `-DoutputDirectory=${bin}`]);
  await run("javac", ["-encoding", "UTF-8", "-cp", `${bin}/*`, "-d", bin,
    join(source, "Hub4j.java"), join(source, "Forward.java")]);
});

for (const prefix of ["", "/api/v3", "/github.com/api/v3"]) {
  test(`hub4j at ${prefix || "the bare address"}`, options, (t) =>
    checkClient(t, "java", ["-cp", `${bin}:${bin}/*`, "Hub4j"], { prefix, more: ["default"] }));
}

test("hub4j keeps its GitHub token", options, async (t) => {
  const { simulator, url } = await startForward(t);
  const sha = await nextShaAt(simulator);
  // Fails, with the output, if the program does.
  await run("java", ["-cp", `${bin}:${bin}/*`, "Forward", `${url}/api/v3`, toolToken, sha],
    { timeout: 60000 });
  await showsAtGitHub(simulator, sha, [["ci/lint", "success"]]);
});
