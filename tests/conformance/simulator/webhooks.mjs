// Compares the simulator's webhooks with GitHub's published examples, and reads
// them with GitHub's own receiver.
//
//   node webhooks.mjs SIMULATOR

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { Webhooks } from "@octokit/webhooks";
import { sign, verify } from "@octokit/webhooks-methods";

const published = createRequire(import.meta.url)(
  "@octokit/webhooks-examples/api.github.com/index.json",
);
const secret = "It's a Secret to Everybody";

// Every member of `value`, as "pull_request.head.sha" -> type.
function shapeOf(value, path = "", shape = new Map()) {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    for (const [name, member] of Object.entries(value)) {
      shapeOf(member, path === "" ? name : `${path}.${name}`, shape);
    }
    if (path !== "") shape.set(path, "object");
    return shape;
  }
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  return shape.set(path, type);
}

// The types that a member of every repository, user or organisation has in any
// of the examples: one event's examples may have only one of them.
const placeTypes = new Map();
for (const { examples } of published) {
  for (const example of examples) {
    for (const place of ["repository", "sender", "organization"]) {
      if (!example[place]) continue;
      for (const [path, type] of shapeOf(example[place], place)) {
        placeTypes.set(path, (placeTypes.get(path) ?? new Set()).add(type));
      }
    }
  }
}

// Ours must have what every example of an action has, with a type that one of
// the event's examples has.
function assertLikeThePublished(event, action, payload) {
  const examples = published
    .find(({ name }) => name === event)
    .examples.filter((example) => example.repository || event === "installation")
    // A push of a tag or a deletion has no commits.
    .filter((example) => event !== "push" || example.head_commit)
    .map((example) => [example.action, shapeOf(example)]);
  const shapes = examples.filter(([of]) => of === action).map(([, shape]) => shape);
  assert.ok(shapes.length > 0, `no example of ${event} ${action}`);
  const ours = shapeOf(payload);
  for (const path of shapes[0].keys()) {
    // Only an App's webhook has an installation.
    if (path.startsWith("installation") && event !== "installation") continue;
    // Here all owners are organisations.
    if (path.startsWith("changes.owner.from.user")) continue;
    // Each has its own.
    if (path.startsWith("installation.permissions.")) continue;
    if (!shapes.every((shape) => shape.has(path))) continue;
    // A parent that may be null has no members then.
    const ancestors = path.split(".").map((_, i, parts) => parts.slice(0, i).join("."));
    const isWithin = (above) =>
      ours.get(above) === "null" && examples.some(([, shape]) => shape.get(above) === "null");
    if (ancestors.some(isWithin)) continue;
    const types = new Set([
      ...examples.map(([, shape]) => shape.get(path)), ...(placeTypes.get(path) ?? []),
    ]);
    assert.ok(ours.has(path), `${event} ${action} lacks ${path}`);
    assert.ok(
      types.has(ours.get(path)),
      `${event} ${action}: ${path} is ${ours.get(path)}, not ${[...types]}`,
    );
  }
}

const received = [];
const receiver = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
  response.writeHead(202).end("queued");
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));

const directory = mkdtempSync(join(tmpdir(), "signalbox-"));
writeFileSync(join(directory, "secret"), `${secret}\n`);
const simulator = spawn(
  process.argv[2],
  [
    "--listen", "127.0.0.1:0", "--token", "token",
    "--webhook-secret-file", join(directory, "secret"),
    "--webhook-url", `http://127.0.0.1:${receiver.address().port}/event_handler`,
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
process.on("exit", () => {
  simulator.kill();
  rmSync(directory, { recursive: true });
});
const [line] = await new Promise((resolve) =>
  createInterface({ input: simulator.stdout }).once("line", (...all) => resolve(all)),
);
const url = line.replace("listening on ", "http://");

// Orders a webhook. Returns what the simulator says, and what arrived.
async function send(order) {
  const response = await fetch(`${url}/_simulator/webhooks`, {
    method: "POST",
    body: JSON.stringify(order),
  });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  assert.equal(answer.status, 202);
  assert.equal(answer.body, "queued");
  const arrival = received.pop();
  assert.equal(arrival.headers["x-github-delivery"], answer.delivery);
  return { answer, ...arrival };
}

function payloadOf({ headers, body }) {
  if (headers["content-type"] === "application/json") return JSON.parse(body);
  assert.equal(headers["content-type"], "application/x-www-form-urlencoded");
  return JSON.parse(new URLSearchParams(body).get("payload"));
}

const repository = "octo-org/widgets";
const tests = {
  async "every event is like GitHub's"() {
    for (const action of ["opened", "synchronize", "ready_for_review", "closed", "reopened"]) {
      const delivery = await send({ event: "pull_request", action, repository });
      assertLikeThePublished("pull_request", action, payloadOf(delivery));
    }
    for (const event of ["push", "ping"]) {
      const delivery = await send({ event, repository });
      assertLikeThePublished(event, undefined, payloadOf(delivery));
    }
  },

  async "what else happens is like GitHub's"() {
    const sent = async (event, action, order = {}) => {
      const delivery = await send({ event, ...(action && { action }), repository, ...order });
      assert.equal(delivery.headers["x-github-event"], event);
      const payload = payloadOf(delivery);
      assertLikeThePublished(event, action, payload);
      return payload;
    };
    await sent("merge_group", "checks_requested");
    for (const action of ["created", "edited", "deleted"]) await sent("issue_comment", action);
    await sent("status", undefined, { sha: "1".repeat(40) });
    await sent("repository", "renamed", { new_full_name: "octo-org/gadgets" });
    await sent("repository", "transferred", { new_full_name: "other-org/gadgets" });
    await sent("repository", "transferred", { new_full_name: repository });
  },

  async "an App hears of its installation"() {
    const { publicKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    for (const [what, body] of Object.entries({
      apps: { id: 4711, public_key: publicKey },
      installations: { id: 77, app_id: 4711, account: "app-org" },
    })) {
      const { status } = await fetch(`${url}/_simulator/${what}`, {
        method: "POST", body: JSON.stringify(body),
      });
      assert.equal(status, 201);
    }
    const order = { repository: "app-org/widgets" };
    const { headers, ...opened } = await send({ event: "pull_request", ...order });
    assert.equal(headers["x-github-hook-installation-target-type"], "integration");
    assert.equal(headers["x-github-hook-installation-target-id"], "4711");
    assert.equal(payloadOf({ headers, ...opened }).installation.id, 77);
    for (const action of ["created", "suspend", "unsuspend", "new_permissions_accepted", "deleted"]) {
      const payload = payloadOf(await send({ event: "installation", action, ...order }));
      assertLikeThePublished("installation", action, payload);
      assert.equal(payload.installation.id, 77);
    }
  },

  async "GitHub's receiver accepts both content types"() {
    for (const content_type of ["json", "form"]) {
      const { headers, body, answer } = await send({
        event: "pull_request", action: "opened", repository, content_type, title: "Größe & \"x\"+y",
      });
      assert.ok(await verify(secret, body, headers["x-hub-signature-256"]));
      assert.equal(headers["x-hub-signature"], await sign({ secret, algorithm: "sha1" }, body));
      assert.equal(headers["x-github-event"], "pull_request");
      assert.match(headers["x-github-delivery"], /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      assert.match(headers["x-github-hook-id"], /^\d+$/);
      assert.equal(headers["x-github-hook-installation-target-type"], "repository");
      assert.match(headers["user-agent"], /^GitHub-Hookshot\//);
      const payload = payloadOf({ headers, body });
      assert.equal(payload.pull_request.head.sha, answer.sha);
      assert.equal(payload.number, answer.number);
      assert.equal(payload.pull_request.title, "Größe & \"x\"+y");
      assert.equal(payload.repository.html_url, `https://github.com/${repository}`);
      assert.equal(
        headers["x-github-hook-installation-target-id"],
        String(payload.repository.id),
      );
    }
    const webhooks = new Webhooks({ secret });
    const seen = [];
    webhooks.on("pull_request.opened", ({ id, payload }) => {
      seen.push([id, payload.pull_request.head.sha]);
    });
    const { headers, body, answer } = await send({
      event: "pull_request", action: "opened", repository,
    });
    await webhooks.verifyAndReceive({
      id: headers["x-github-delivery"],
      name: headers["x-github-event"],
      signature: headers["x-hub-signature-256"],
      payload: body,
    });
    assert.deepEqual(seen, [[answer.delivery, answer.sha]]);
  },

  async "a redelivery repeats bytes and GUID"() {
    const first = await send({ event: "push", repository });
    const again = await send({ redeliver: first.answer.delivery });
    assert.equal(again.body, first.body);
    assert.deepEqual(again.headers, first.headers);
    assert.equal(again.answer.sha, first.answer.sha);
  },

  async "a pull request moves on"() {
    const opened = await send({ event: "pull_request", action: "opened", repository, fork: true });
    const fork = payloadOf(opened).pull_request;
    assert.notEqual(fork.head.repo.id, fork.base.repo.id);
    assert.equal(fork.base.repo.full_name, repository);
    const moved = payloadOf(
      await send({ event: "pull_request", action: "synchronize", repository, number: fork.number }),
    );
    assert.equal(moved.before, opened.answer.sha);
    assert.equal(moved.after, moved.pull_request.head.sha);
    assert.notEqual(moved.after, moved.before);
    const closed = payloadOf(
      await send({ event: "pull_request", action: "closed", repository, number: fork.number }),
    );
    assert.equal(closed.pull_request.state, "closed");
    assert.equal(closed.pull_request.head.sha, moved.after);
  },

  async "a deleted branch has no commit"() {
    const deleted = payloadOf(await send({ event: "push", repository, sha: "0".repeat(40) }));
    assert.equal(deleted.deleted, true);
    assert.equal(deleted.head_commit, null);
    assert.deepEqual(deleted.commits, []);
  },
};

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.error(`FAILED: ${name}\n${error.stack}`);
    process.exitCode = 1;
  }
}
receiver.close();
simulator.kill();
