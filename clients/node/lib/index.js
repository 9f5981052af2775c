'use strict';

const { connect } = require('./client.js');
const { SignalboxError } = require('./error.js');
const { Result } = require('./messages.js');

module.exports = { Result, SignalboxError, connect };
