// Runs nginx with deploy/nginx/github-api.conf: only addresses and files of the
// configuration are other ones.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { scratchDirectory } from "../programs.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

export const nginxProgram = ["/usr/sbin/nginx", join(root, "build/nginx/usr/sbin/nginx")]
  .find((path) => existsSync(path));

// A certificate for GitHub's name and this machine, which is its own authority.
// -> { cert, key }, two files.
export function newCertificate() {
  const directory = scratchDirectory();
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
    "-nodes", "-days", "2", "-subj", "/CN=test", "-keyout", key, "-out", cert, "-addext",
    "subjectAltName=DNS:api.github.com,DNS:github.com,DNS:localhost,IP:127.0.0.1"], { stdio: "ignore" });
  return { cert, key };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function replaced(text, replacements) {
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`the configuration has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

// Resolves, once nginx listens, with a function that stops it.
async function run(prefix) {
  const child = spawn(nginxProgram, ["-p", prefix, "-c", "nginx.conf", "-e", "stderr"],
    { stdio: ["ignore", "ignore", "pipe"] });
  process.on("exit", () => child.kill("SIGKILL"));
  let log = "";
  await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`nginx ended with ${code}:\n${log}`)));
    child.stderr.on("data", (text) => {
      log += text;
      // It says so after it has begun to listen.
      if (log.includes("event method")) resolve();
    });
  });
  child.removeAllListeners("exit");
  return async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
}

// Starts nginx with `github` (HOST:PORT) as api.github.com and github.com, and
// `door` as the shim; `replacements` are further changes. -> { url, stop() }
export async function startNginx({ cert, key }, github, door, replacements = []) {
  const recipe = readFileSync(join(root, "deploy/nginx/github-api.conf"), "utf8");
  for (let tries = 1; ; ++tries) {
    const port = await freePort();
    const prefix = scratchDirectory();
    mkdirSync(join(prefix, "tmp"));
    writeFileSync(join(prefix, "github-api.conf"), replaced(recipe, [
      ["listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`],
      ["server_name signalbox.example;", "server_name localhost;"],
      ["/etc/ssl/signalbox.example.pem", cert],
      ["/etc/ssl/private/signalbox.example.key", key],
      ["/etc/ssl/certs/ca-certificates.crt", cert],
      ["https://$github$github_path", `https://${github}$github_path`],
      ["https://$github_web$request_uri", `https://${github}$request_uri`],
      ["http://127.0.0.1:8090;", `http://${door};`],
      ...replacements,
    ]));
    writeFileSync(join(prefix, "nginx.conf"), [
      // One process, which is easy to end.
      "daemon off; master_process off; pid nginx.pid; error_log stderr notice; events {}",
      "http {", "  access_log off;",
      ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((name) => `  ${name}_temp_path tmp/${name};`),
      "  include github-api.conf;", "}", ""].join("\n"));
    try {
      const stop = await run(prefix);
      return { url: `https://localhost:${port}`, stop };
    } catch (error) {
      // Another program may have taken the port.
      if (tries === 5 || !error.message.includes("Address already in use")) throw error;
    }
  }
}
