// @octokit/webhooks on Node's own HTTP server; it sets a pull request's head
// pending before it answers. Prints "listening on HOST:PORT".

import { createServer } from "node:http";
import { createRequire } from "node:module";

// The packages are those of the conformance tests.
const require = createRequire(`${process.env.CONFORMANCE_DIR}/`);
const { createNodeMiddleware, Webhooks } = require("@octokit/webhooks");

const api = process.env.GITHUB_API_URL;
const webhooks = new Webhooks({ secret: process.env.GITHUB_WEBHOOK_SECRET });

webhooks.on("pull_request.opened", async ({ payload: { pull_request, repository } }) => {
  // Faster than Octokit, which builds the same request from more parts.
  const answer = await fetch(
    `${api}/repos/${repository.full_name}/statuses/${pull_request.head.sha}`, {
      method: "POST",
      headers: {
        accept: "application/vnd.github+json",
        authorization: "token token",
        "content-type": "application/json",
        "user-agent": "signalbox-bench",
      },
      body: JSON.stringify({ state: "pending", context: "ci/build" }),
    });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`GitHub answered ${answer.status}: ${text}`);
});

const server = createServer(createNodeMiddleware(webhooks, { path: "/event_handler" }));
server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
