// Go's clients post through Signalbox: go-github, the newest and Debian's, and
// go-scm. Needs Go; downloads the modules that go/go.sum pins.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { checkClient, whyNoModules } from "./compiled_client.mjs";
import { scratchDirectory } from "../programs.mjs";

const run = promisify(execFile);
const source = join(dirname(fileURLToPath(import.meta.url)), "go");
const bin = scratchDirectory();
const packaged = "/usr/share/gocode";

// SIGNALBOX_CLIENTS: "debian" or "newest".
const wanted = process.env.SIGNALBOX_CLIENTS;
const newest = { skip: wanted === "newest" ? whyNoModules : "runs as another test" };
const whyNotDebian = existsSync(join(packaged, "src/github.com/google/go-github/github"))
  ? false : "needs golang-github-google-go-github-dev";
const debian = { skip: wanted === "debian" ? whyNotDebian : "runs as another test" };

// Debian's packages are no modules, but a GOPATH.
async function buildWithPackages() {
  const path = scratchDirectory();
  const module = join(path, "src/signalbox.test/rest");
  mkdirSync(module, { recursive: true });
  for (const name of ["expect", "gogithub"]) {
    cpSync(join(source, name), join(module, name), { recursive: true });
  }
  for (const name of ["main.go", "client_debian.go"]) {
    const file = join(module, "gogithub", name);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("go-github/v90/github", "go-github/github"));
  }
  await run("go", ["build", "-tags", "debian", "-o", join(bin, "gogithub_debian"),
    "signalbox.test/rest/gogithub"],
  { env: { ...process.env, GO111MODULE: "off", GOFLAGS: "", GOPATH: `${path}:${packaged}` } });
}

before(async () => {
  if (!newest.skip) {
    await run("go", ["build", "-o", `${bin}/`, "./gogithub", "./goscm"], { cwd: source });
  }
  if (!debian.skip) await buildWithPackages();
});

// go-github appends `api/v3` itself.
for (const prefix of ["/", "/github.com/"]) {
  test(`go-github at ${prefix}`, newest, (t) =>
    checkClient(t, join(bin, "gogithub"), [], { prefix }));
  test(`Debian's go-github at ${prefix}`, debian, (t) =>
    checkClient(t, join(bin, "gogithub_debian"), [], { prefix }));
}

for (const prefix of ["", "/api/v3", "/github.com/api/v3/"]) {
  test(`go-scm at ${prefix || "the bare address"}`, newest, (t) =>
    checkClient(t, join(bin, "goscm"), [], { prefix, more: ["default"] }));
}
