'use strict';

const { X509Certificate } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const grpc = require('@grpc/grpc-js');
const { SignalboxError, invalid } = require('./error.js');

const LARGEST_ANSWER = 16 << 20;
const LONGEST_TOKEN = 4096;
const DEFAULTS = {
  token: undefined,
  tls: false,
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  serverName: undefined,
  retryFor: 60,
  tryTimeout: 10,
  requestId: undefined,
};
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];
const OF_TLS = ['caFile', 'certFile', 'keyFile', 'serverName'];

const CHANNEL_OPTIONS = {
  // By default, a channel that cannot connect waits up to two minutes before it
  // retries, and fails every call meanwhile.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.max_receive_message_length': LARGEST_ANSWER,
  // Farms often set http_proxy; a report must not travel through it.
  'grpc.enable_http_proxy': 0,
  // This client retries by itself: it knows how long the caller waits.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
};

function isLoopbackHost(host) {
  if (net.isIPv4(host)) return host.startsWith('127.');
  if (net.isIPv6(host)) return /^(0{0,4}:){1,7}0{0,3}1$/.test(host);
  return host.toLowerCase() === 'localhost';
}

function isThisMachine(address) {
  if (address.startsWith('unix:')) return true;
  const authority = address.replace(/^dns:\/\/\//, '');
  const colon = authority.lastIndexOf(':');
  const host = colon < 0 ? authority : authority.slice(0, colon);
  if (host.startsWith('[')) return host.endsWith(']') && isLoopbackHost(host.slice(1, -1));
  // An IPv6 address needs brackets.
  return !host.includes(':') && isLoopbackHost(host);
}

function checkTexts(address, options) {
  if (typeof address !== 'string' || address === '') {
    throw invalid('address: wanted HOST:PORT or unix:PATH');
  }
  for (const name of ['token', 'requestId', ...OF_TLS]) {
    if (options[name] !== undefined && typeof options[name] !== 'string') {
      throw invalid(`${name}: wanted a string`);
    }
  }
  if (options.requestId && !/^[A-Za-z0-9._:-]{1,64}$/.test(options.requestId)) {
    throw invalid('requestId: wanted 1 to 64 letters, digits and ._:-');
  }
  if (typeof options.tls !== 'boolean') throw invalid('tls: wanted true or false');
}

function checkTimes({ retryFor, tryTimeout }) {
  if (typeof retryFor !== 'number' || !(retryFor >= 0)) {
    throw invalid(`retryFor: ${String(retryFor)} is no number of seconds, at least 0`);
  }
  if (typeof tryTimeout !== 'number' || !(tryTimeout > 0)) {
    throw invalid(`tryTimeout: ${String(tryTimeout)} is no number of seconds over 0`);
  }
}

function checkToken(address, { token, tls }) {
  if (!token) return;
  if (!tls && !isThisMachine(address)) {
    throw invalid('without TLS, a token is sent only to this machine (localhost, 127.0.0.1, ' +
      `[::1] or unix:PATH), not to ${address}: the connection is not encrypted`);
  }
  if (token.length > LONGEST_TOKEN || !/^[!-~]+$/.test(token)) {
    throw invalid('the token has characters other than visible ASCII, or more than 4,096 of them');
  }
}

function checkTls(address, options) {
  if (!options.tls) {
    const given = OF_TLS.find((name) => options[name]);
    if (given !== undefined) {
      throw invalid(`${given} is given, but connections are not encrypted; give tls too`);
    }
  } else if (address.startsWith('unix:')) {
    throw invalid(`the server does not encrypt connections to ${address}, which stay on this ` +
      'machine; leave tls out');
  }
  if (Boolean(options.certFile) !== Boolean(options.keyFile)) {
    throw invalid('certFile and keyFile belong together; only one is given');
  }
}

// Returns all options, with the defaults for those that `given` lacks.
function complete(address, given) {
  const options = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      throw invalid(`${name} is no such option; the options are ` +
        Object.keys(DEFAULTS).join(', '));
    }
    if (value !== undefined && value !== null) options[name] = value;
  }
  checkTexts(address, options);
  checkTimes(options);
  checkToken(address, options);
  checkTls(address, options);
  return options;
}

function read(name, file) {
  if (!file) return null;
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const code = { ENOENT: 'NOT_FOUND', EACCES: 'PERMISSION_DENIED' }[error.code] ?? 'INVALID_ARGUMENT';
    throw new SignalboxError(code, `${name}: ${error.message}`);
  }
}

// Node.js has a list of its own, which does not know the authorities that the
// machine's administrator added. Null: this system keeps its list elsewhere.
function systemAuthorities() {
  const file = SYSTEM_AUTHORITIES.find((candidate) => fs.existsSync(candidate));
  return file === undefined ? null : fs.readFileSync(file);
}

// The channel connects at the first call.
function openChannel(address, options) {
  const channelOptions = { ...CHANNEL_OPTIONS };
  let credentials = grpc.credentials.createInsecure();
  if (options.tls) {
    const authorities = read('caFile', options.caFile) ?? systemAuthorities();
    const key = read('keyFile', options.keyFile);
    const certificate = read('certFile', options.certFile);
    try {
      // OpenSSL takes a file without a certificate for a list of none.
      if (options.caFile) new X509Certificate(authorities);
      credentials = grpc.credentials.createSsl(authorities, key, certificate);
    } catch (error) {
      throw invalid(`caFile, certFile or keyFile: ${error.message}`);
    }
    if (options.serverName) {
      channelOptions['grpc.ssl_target_name_override'] = options.serverName;
      channelOptions['grpc.default_authority'] = options.serverName;
    }
  }
  return new grpc.Channel(address, credentials, channelOptions);
}

module.exports = { complete, isThisMachine, openChannel };
