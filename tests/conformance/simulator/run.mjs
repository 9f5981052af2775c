// Runs a client that this project did not write against the simulator, and
// fails if the client does, or if an answer is not as GitHub describes it.
//
//   node run.mjs SIMULATOR COMMAND...   starts the simulator's program
//   node run.mjs http://HOST:PORT COMMAND...   uses one that runs already, with
//                                       --token token (its answers' own links
//                                       then lead past the validation)
//
// COMMAND gets the API's base URL as its last argument.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { startValidatingProxy } from "../validating_proxy.mjs";

// What a client must have met, so that a test that does nothing fails.
const EXPECTED_ANSWERS = [
  "repos/create-commit-status 201",
  "repos/create-commit-status 307",
  "repos/create-commit-status 401",
  "repos/create-commit-status 404",
  "repos/create-commit-status 422",
  "repos/list-commit-statuses-for-ref 200",
  "repos/list-commit-statuses-for-ref 301",
  "repos/get-combined-status-for-ref 200",
  "repos/get-combined-status-for-ref 404",
  "repos/get 200",
  "repos/get 404",
  "rate-limit/get 200",
  "users/get-authenticated 200",
];

function exitOf(child) {
  return new Promise((resolve) =>
    child.on("exit", (code, signal) => resolve(code ?? `signal ${signal}`)),
  );
}

async function startSimulator(program, baseUrl) {
  const child = spawn(
    program,
    ["--listen", "127.0.0.1:0", "--token", "token", "--base-url", baseUrl],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exit = exitOf(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /^listening on (.*)$/.exec(line)?.[1];
    if (address !== undefined) return { url: `http://${address}`, child, exit };
  }
  throw new Error(`${program} did not listen: ${await exit}`);
}

const [simulator, ...command] = process.argv.slice(2);
if (command.length === 0) {
  console.error("usage: run.mjs SIMULATOR|URL COMMAND...");
  process.exit(2);
}

const proxy = await startValidatingProxy();
const isUrl = simulator.startsWith("http://");
const started = isUrl ? undefined : await startSimulator(simulator, proxy.url);
proxy.setTarget(started?.url ?? simulator);

const client = spawn(command[0], [...command.slice(1), proxy.url], { stdio: "inherit" });
client.on("error", (error) => console.error(`${command[0]}: ${error.message}`));
const clientExit = await Promise.race([
  exitOf(client),
  new Promise((resolve) => client.on("error", () => resolve("not started"))),
]);

let failed = clientExit !== 0;
if (failed) console.error(`the client ended with ${clientExit}`);
if (started !== undefined) {
  started.child.kill("SIGTERM");
  const exit = await started.exit;
  if (exit !== 0) {
    console.error(`the simulator ended with ${exit}`);
    failed = true;
  }
}
proxy.close();
for (const problem of proxy.problems) console.error(problem);
const missing = EXPECTED_ANSWERS.filter((answer) => !proxy.answers.has(answer));
for (const answer of missing) console.error(`no answer was seen: ${answer}`);
for (const [answer, count] of [...proxy.answers].sort()) console.log(`${answer}: ${count}`);
process.exit(failed || proxy.problems.length > 0 || missing.length > 0 ? 1 : 0);
