// Posts commit statuses with Octokit, as a build farm would, and prints what it
// saw as one line of JSON. Started by the benchmark with one argument, a JSON
// object:
//
//   base_url, token, clients
//   seconds         each client posts new keys for so long, or
//   keys, transitions, repository
//                   so many keys get so many states, each key in order; the
//                   last state of key K is that of stateOf(K, transitions - 1)

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The client itself, without the plug-ins that make it wait.
const modules = createRequire(pathToFileURL(join(process.env.CONFORMANCE_DIR, "package.json")));
const core = createRequire(modules.resolve("octokit")).resolve("@octokit/core");
const { Octokit } = await import(pathToFileURL(core));

const order = JSON.parse(process.argv[2]);
const octokit = new Octokit({ auth: order.token, baseUrl: order.base_url, log: silent() });
const latencies = [];
let refused = 0;

function silent() {
  const nothing = () => {};
  return { debug: nothing, info: nothing, warn: nothing, error: nothing };
}

function shaOf(number) {
  return (number + 1).toString(16).padStart(40, "0");
}

function stateOf(key, transition) {
  return ["pending", "success", "failure", "error"][(key + transition) % 4];
}

async function post(repo, sha, state, description) {
  const begin = performance.now();
  try {
    await octokit.request("POST /repos/{owner}/{repo}/statuses/{sha}",
      { owner: "bench", repo, sha, state, context: "ci/bench", description });
    latencies.push(performance.now() - begin);
  } catch (error) {
    refused += 1;
  }
}

// Each client posts one status after the other.
async function fresh(client, end) {
  const first = Number(process.hrtime.bigint() % 1_000_000_000_000n) * 100 + client;
  for (let i = 0; performance.now() < end; i += order.clients) {
    await post(`app-${client}`, shaOf(first + i), "success", "built");
  }
}

// Client C has the keys C, C + clients, ...: so each key is in order.
async function storm(client) {
  for (let transition = 0; transition < order.transitions; transition += 1) {
    for (let key = client; key < order.keys; key += order.clients) {
      await post(order.repository, shaOf(key), stateOf(key, transition), `step ${transition}`);
    }
  }
}

const begin = performance.now();
const clients = Array.from({ length: order.clients }, (_, client) => (
  order.keys === undefined ? fresh(client, begin + order.seconds * 1000) : storm(client)));
await Promise.all(clients);
const seconds = (performance.now() - begin) / 1000;
const sorted = Float64Array.from(latencies).sort();
const share = (part) => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
console.log(`result ${JSON.stringify({
  count: sorted.length, refused, seconds,
  p50_ms: share(0.5), p99_ms: share(0.99),
  last: order.keys === undefined ? [] : Array.from({ length: order.keys },
    (_, key) => ({ sha: shaOf(key), state: stateOf(key, order.transitions - 1) })),
})}`);
