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

// Answers that a client must have met, so that a test that does nothing fails.
const STATUS_ANSWERS = [
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
const HOOK_ANSWERS = [
  "repos/list-webhooks 200",
  "repos/list-webhooks 404",
  "repos/get-webhook 200",
  "repos/list-webhook-deliveries 200",
  "repos/list-webhook-deliveries 403",
  "repos/list-webhook-deliveries 422",
  "repos/get-webhook-delivery 200",
  "repos/get-webhook-delivery 404",
  "repos/redeliver-webhook-delivery 202",
  "repos/redeliver-webhook-delivery 404",
  "repos/ping-webhook 204",
  "orgs/list-webhooks 200",
  "orgs/list-webhooks 404",
  "orgs/get-webhook 200",
  "orgs/list-webhook-deliveries 200",
  "orgs/get-webhook-delivery 200",
  "orgs/redeliver-webhook-delivery 202",
  "orgs/ping-webhook 204",
  "apps/get-webhook-config-for-app 200",
  "apps/get-webhook-config-for-app 401",
  "apps/list-webhook-deliveries 200",
  "apps/get-webhook-delivery 200",
  "apps/redeliver-webhook-delivery 202",
  "apps/list-repos-accessible-to-installation 200",
  "apps/list-repos-accessible-to-installation 403",
  "pulls/list 200",
  "pulls/list 304",
  "pulls/list 403",
  "pulls/list 422",
  "pulls/get 200",
  "pulls/get 404",
  "repos/get-collaborator-permission-level 200",
  "repos/get-collaborator-permission-level 403",
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
const expected = command.some((part) => part.endsWith("hooks.mjs")) ? HOOK_ANSWERS : STATUS_ANSWERS;
const missing = expected.filter((answer) => !proxy.answers.has(answer));
for (const answer of missing) console.error(`no answer was seen: ${answer}`);
for (const [answer, count] of [...proxy.answers].sort()) console.log(`${answer}: ${count}`);
process.exit(failed || proxy.problems.length > 0 || missing.length > 0 ? 1 : 0);
