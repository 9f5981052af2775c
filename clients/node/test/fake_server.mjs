// A server that answers what a test says.

import grpc from '@grpc/grpc-js';

import service from '../lib/service.js';

export const SHA = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

export function failure(code, trailers = {}, details = 'the test says so') {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return { code: grpc.status[code], details, metadata };
}

// Runs until the test `t` ends. `answers` has functions by the names of methods:
// a unary one returns the answer or a failure, a stream gets the call. `calls`
// keeps what arrived.
export async function startFakeServer(t, answers) {
  const server = new grpc.Server();
  const calls = [];
  const unary = (method) => async (call, respond) => {
    calls.push({ method, request: call.request, metadata: call.metadata.getMap(), deadline: call.getDeadline() });
    const answer = await answers[method](call.request, calls.length);
    if (answer.code === undefined) respond(null, answer);
    else respond(answer);
  };
  const stream = (method) => (call) => {
    calls.push({ method, request: call.request, metadata: call.metadata.getMap() });
    answers[method](call, calls.length);
  };
  const handlers = {};
  for (const [method, { requestStream, responseStream }] of Object.entries(
    service.StatusService.service)) {
    handlers[method] = (requestStream || responseStream ? stream : unary)(method);
  }
  server.addService(service.StatusService.service, handlers);
  server.addService(service.Health.service, { Check: unary('Check') });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(),
      (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  t.after(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, calls };
}
