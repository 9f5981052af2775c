// An HTTP proxy that checks every answer of an API, and every accepted request,
// against GitHub's description.

import { createServer, request as httpRequest } from "node:http";

import { findOperation, validateRequest, validateResponse } from "./openapi.mjs";

function parse(text) {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// Starts a proxy on a free port of this machine. `target` is set later, since
// the simulator needs the proxy's address first. `pathOf` turns the path of a
// request into the one that GitHub describes. `onRequest` is called with each
// request before it goes on.
//
// -> { url, setTarget(url), answers, problems, close() }; `answers` counts by
// "operationId status", `problems` are sentences.
export async function startValidatingProxy(
  { pathOf = (path) => path, onRequest = () => {} } = {}) {
  let target;
  const answers = new Map();
  const problems = [];

  function judge(message, body, answer, answerBody) {
    // Not by URL, which takes `//repos` for a host.
    const path = pathOf(message.url.split("?")[0]);
    if (path.startsWith("/_simulator/")) return; // Not GitHub's.
    const status = answer.statusCode;
    const complain = (problem) =>
      problems.push(`${message.method} ${message.url} -> ${status}: ${problem}`);
    const operation = findOperation(message.method, path);
    if (operation === undefined) {
      if (status !== 404) complain("GitHub has no such route");
      return;
    }
    const key = `${operation} ${status}`;
    answers.set(key, (answers.get(key) ?? 0) + 1);
    if (status === 204 || status === 304) {
      if (answerBody !== "") complain("a body where there is none");
      return;
    }
    const isJson = answer.headers["content-type"]?.startsWith("application/json");
    if (!isJson) {
      if (status < 500) complain(`content-type ${answer.headers["content-type"]}`);
      return;
    }
    validateResponse(operation, status, parse(answerBody)).forEach(complain);
    if (status < 300 && message.method !== "GET") {
      validateRequest(operation, parse(body)).forEach((problem) =>
        complain(`accepted a request that ${problem}`),
      );
    }
  }

  const server = createServer(async (message, response) => {
    try {
      onRequest(message);
      const body = await readAll(message);
      // Compressed answers would have to be unpacked to be judged.
      const headers = { ...message.headers };
      delete headers["accept-encoding"];
      const answer = await new Promise((resolve, reject) => {
        const forwarded = httpRequest(
          target,
          { path: message.url, method: message.method, headers },
          resolve,
        );
        forwarded.on("error", reject);
        forwarded.end(body);
      });
      const answerBody = await readAll(answer);
      judge(message, body.toString(), answer, answerBody.toString());
      const answerHeaders = { ...answer.headers };
      delete answerHeaders.connection;
      delete answerHeaders["keep-alive"];
      response.writeHead(answer.statusCode, answerHeaders);
      response.end(answerBody);
    } catch (error) {
      problems.push(`${message.method} ${message.url}: ${error.message}`);
      response.destroy();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    setTarget: (url) => (target = url),
    answers,
    problems,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
