// Judges requests and answers by GitHub's own description of its REST API.
//
//   validateRequest(operationId, body)            body: parsed JSON
//   validateResponse(operationId, status, body)   body: parsed JSON
//   findOperation(method, path)                   -> operationId or undefined
//
// The validators return a list of complaints, which is empty if all is right.
// They throw if there is no such operation.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import Ajv from "ajv";
import addFormats from "ajv-formats";

const require = createRequire(import.meta.url);
const description = JSON.parse(
  readFileSync(require.resolve("@octokit/openapi/generated/api.github.com.json")),
);

// GitHub describes few error answers of each operation. Its guides say that the
// others have one of these bodies.
const ERROR_SCHEMAS = ["validation-error", "validation-error-simple", "basic-error"];

// OpenAPI 3.0 says `nullable` where JSON Schema has a type "null".
function toJsonSchema(node) {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (node === null || typeof node !== "object") return node;
  const { nullable, ...rest } = node;
  const schema = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key === "example" || key === "examples" || key.startsWith("x-")) continue;
    schema[key] = key === "enum" || key === "default" ? value : toJsonSchema(value);
  }
  if (nullable !== true) return schema;
  return { anyOf: [schema, { type: "null" }] };
}

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
// GitHub's own formats: "OWNER/NAME", and a time as text.
ajv.addFormat("repo.nwo", /^[^/]+\/[^/]+$/);
ajv.addFormat("timestamp", true);

// "#/components/schemas/simple-user" becomes a schema when it is needed: the
// whole description is large.
const REFERENCE = /^#\/components\/schemas\/([^/]+)$/;

function withIds(node, wanted) {
  if (Array.isArray(node)) return node.map((item) => withIds(item, wanted));
  if (node === null || typeof node !== "object") return node;
  if (typeof node.$ref === "string") {
    const name = REFERENCE.exec(node.$ref)?.[1];
    if (name === undefined) throw new Error(`cannot follow ${node.$ref}`);
    wanted.add(name);
    return { $ref: `github:${name}` };
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, withIds(value, wanted)]),
  );
}

const added = new Set();

// The schema with its references resolvable by ajv.
function prepare(schema) {
  const wanted = new Set();
  const prepared = withIds(toJsonSchema(schema), wanted);
  for (const name of wanted) {
    if (added.has(name)) continue;
    added.add(name);
    ajv.addSchema(prepare(description.components.schemas[name]), `github:${name}`);
  }
  return prepared;
}

const validators = new Map();

function complaints(key, schema, body) {
  if (!validators.has(key)) validators.set(key, ajv.compile(prepare(schema)));
  const validate = validators.get(key);
  if (validate(body)) return [];
  return validate.errors.map(
    (error) => `${error.instancePath || "/"} ${error.message} (${JSON.stringify(error.params)})`,
  );
}

const operations = new Map();
for (const [path, methods] of Object.entries(description.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const pattern = path.replaceAll(".", "\\.").replace(/\{[^}]+\}/g, "[^/]+");
    operations.set(operation.operationId, {
      operation,
      method: method.toUpperCase(),
      pattern: new RegExp(`^${pattern}$`),
    });
  }
}

// The redirect of a renamed repository, and the old form of the list. GitHub
// does not describe them, but they answer alike.
const UNDESCRIBED = [
  [/^\/repositories\/\d+(?=\/|$)/, "/repos/owner/name"],
  [/^(\/repos\/[^/]+\/[^/]+)\/statuses\/([^/]+)$/, "$1/commits/$2/statuses"],
];

export function findOperation(method, path) {
  const candidates = [path];
  for (const [pattern, replacement] of UNDESCRIBED) {
    candidates.push(candidates.at(-1).replace(pattern, replacement));
  }
  for (const candidate of candidates) {
    for (const [id, entry] of operations) {
      if (entry.method === method && entry.pattern.test(candidate)) return id;
    }
  }
  return undefined;
}

function find(operationId) {
  const found = operations.get(operationId);
  if (found === undefined) throw new Error(`GitHub has no operation ${operationId}`);
  return found.operation;
}

function follow(node) {
  if (node?.$ref === undefined) return node;
  return node.$ref
    .slice(2)
    .split("/")
    .reduce((at, part) => at[part], description);
}

export function validateRequest(operationId, body) {
  const requestBody = follow(find(operationId).requestBody);
  if (body === undefined && !requestBody?.required) return [];
  const schema = requestBody?.content?.["application/json"]?.schema;
  if (schema === undefined) return body === undefined ? [] : ["a body where none is described"];
  return complaints(`${operationId} request`, schema, body);
}

export function validateResponse(operationId, status, body) {
  const described = follow(find(operationId).responses[String(status)]);
  const schema = described?.content?.["application/json"]?.schema;
  if (schema !== undefined) return complaints(`${operationId} ${status}`, schema, body);
  if (status < 300) return [`${operationId} does not answer ${status}`];
  const kind = status === 422 && body?.errors !== undefined ? ERROR_SCHEMAS.slice(0, 2) : ["basic-error"];
  const found = kind.map((name) =>
    complaints(name, { $ref: `#/components/schemas/${name}` }, body),
  );
  const problems = found.some((list) => list.length === 0) ? [] : found.flat();
  if (typeof body?.message !== "string") problems.push("an error without a message");
  return problems;
}
