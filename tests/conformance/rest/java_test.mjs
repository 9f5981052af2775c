// hub4j's github-api posts through Signalbox. Needs a JDK and Maven; downloads
// what java/pom.xml names.

import { execFile, execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import test, { before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { checkClient } from "./compiled_client.mjs";
import { scratchDirectory } from "../programs.mjs";

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
  await run("javac", ["-encoding", "UTF-8", "-cp", `${bin}/*`, "-d", bin, join(source, "Hub4j.java")]);
});

for (const prefix of ["", "/api/v3", "/github.com/api/v3"]) {
  test(`hub4j at ${prefix || "the bare address"}`, options, (t) =>
    checkClient(t, "java", ["-cp", `${bin}:${bin}/*`, "Hub4j"], { prefix, more: ["default"] }));
}
