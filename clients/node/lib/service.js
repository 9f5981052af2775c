'use strict';

const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const PROTO = 'signalbox/v1/status_service.proto';
// In the package, or in the repository that it is built from.
const FOLDERS = [path.join(__dirname, '../proto'), path.join(__dirname, '../../../proto')];

const FORMAT = { defaults: true, enums: String, longs: String, oneofs: true };

// The whole server's health: no package of npm has just these two messages.
const HEALTH = {
  nested: { grpc: { nested: { health: { nested: { v1: { nested: {
    HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
    HealthCheckResponse: {
      fields: { status: { type: 'ServingStatus', id: 1 } },
      nested: {
        ServingStatus: {
          values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 },
        },
      },
    },
    Health: {
      methods: {
        Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' },
      },
    },
  } } } } } } },
};

const folder = FOLDERS.find((candidate) => fs.existsSync(path.join(candidate, PROTO)));
if (folder === undefined) throw new Error(`${PROTO} is not in ${FOLDERS.join(' or ')}`);
const { StatusService } = grpc.loadPackageDefinition(
  protoLoader.loadSync(PROTO, { ...FORMAT, includeDirs: [folder] })).signalbox.v1;
const { Health } = grpc.loadPackageDefinition(
  protoLoader.fromJSON(HEALTH, FORMAT)).grpc.health.v1;

module.exports = { Health, StatusService };
