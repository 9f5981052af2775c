// Of one key, GitHub is shown the statuses in the order in which the door got
// them, and in the end the last one, however many clients post at a time.
//
//   SIGNALBOX_SEED=N     repeats the draws of a run, which each run prints

import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import test from "node:test";

import { postJson, shown } from "../programs.mjs";
import { nextShaAt, repository, startAll, token } from "./world.mjs";

const STATES = ["pending", "success", "failure", "error"];
const seed = Number(process.env.SIGNALBOX_SEED ?? (Math.random() * 2 ** 32) >>> 0);

// Mulberry32: numbers from 0 to below 1.
function drawsFrom(start) {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function post(url, agent, body) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent,
      headers: { authorization: `token ${token}`, "content-type": "application/json" } });
    sent.on("error", reject);
    sent.on("response", async (answer) => {
      const chunks = [];
      for await (const chunk of answer) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      if (answer.statusCode !== 201) return reject(new Error(`${answer.statusCode} ${text}`));
      resolve(JSON.parse(text));
    });
    sent.end(JSON.stringify(body));
  });
}

// One client, on one connection, posts `count` statuses one after another. Adds
// each to `posts`, with its place among all beginnings and ends of requests.
async function postSerially({ url, name, count, draw, clock, posts }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < count; ++i) {
    const state = STATES[Math.floor(draw() * STATES.length)];
    // The same key in two spellings, at two addresses.
    const context = draw() < 0.5 ? "ci/build" : "CI/Build";
    const at = draw() < 0.5 ? url : url.replace("/repos/", "/api/v3/repos/");
    const description = `${name} ${i}`;
    const begin = clock.next++;
    const { id } = await post(at, agent, { state, context, description });
    posts.push({ begin, end: clock.next++, id, state, description });
  }
  agent.destroy();
}

function assertOrder(posts, rows) {
  const byId = [...posts].sort((a, b) => a.id - b.id);
  assert.equal(new Set(byId.map(({ id }) => id)).size, posts.length, "ids are unique");
  // A post that began after another one had its answer got there later.
  let firstEnd = Infinity;
  for (const one of [...byId].reverse()) {
    assert.ok(one.begin < firstEnd, `${one.description} came before a status that was there already`);
    firstEnd = Math.min(firstEnd, one.end);
  }
  const place = new Map(byId.map(({ description }, index) => [description, index]));
  const places = rows.map(({ description }) => place.get(description));
  assert.ok(places.every((one) => one !== undefined));
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
  assert.equal(places.at(-1), posts.length - 1);
  assert.equal(rows.at(-1).state, byId.at(-1).state);
}

async function run(t, { clients, count, answerDelayMs }) {
  t.diagnostic(`SIGNALBOX_SEED=${seed}`);
  // Past the proxy, which could change the order.
  const { simulator, shim: { restUrl: url } } = await startAll(t);
  const draw = drawsFrom(seed);
  const sha = await nextShaAt(simulator);
  await postJson(`${simulator.url}/_simulator/settings`, { answer_delay_ms: answerDelayMs });
  // A pending after a result is right here.
  for (let i = 0; i < clients * count; ++i) {
    await postJson(`${simulator.url}/_simulator/reruns`,
      { full_name: repository, sha, context: "ci/build" });
  }
  const posts = [];
  const clock = { next: 0 };
  await Promise.all(Array.from({ length: clients }, (_, index) => postSerially({
    url: `${url}/repos/${repository}/statuses/${sha}`,
    name: `client ${index}`, count, draw, clock, posts })));
  const last = posts.reduce((a, b) => (a.id > b.id ? a : b)).description;
  const { rows, shown: newest } = await shown(simulator.url, repository, sha,
    (commit) => commit.rows.at(-1)?.description === last);
  assertOrder(posts, rows);
  assert.equal(newest.length, 1);
  const listed = await (await fetch(
    `${url}/repos/${repository}/commits/${sha}/statuses?per_page=100`,
    { headers: { authorization: `token ${token}` } })).json();
  const ids = posts.map(({ id }) => id).sort((a, b) => b - a);
  assert.deepEqual(listed.map(({ id }) => id), ids.slice(0, 100));
}

test("one client", (t) =>
  run(t, { clients: 1, count: 40, answerDelayMs: 0 }));

test("many clients at a time, while GitHub is slow", (t) =>
  run(t, { clients: 16, count: 15, answerDelayMs: 40 }));

test("many clients at a time, while GitHub is fast", (t) =>
  run(t, { clients: 16, count: 15, answerDelayMs: 0 }));
