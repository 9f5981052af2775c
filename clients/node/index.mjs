import signalbox from './lib/index.js';

export const { Result, SignalboxError, connect } = signalbox;
