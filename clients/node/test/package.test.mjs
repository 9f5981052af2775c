// The package as people get it, its types, and the README's example.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { connect } from 'signalbox';
import { SHA } from './fake_server.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [, example] = /```js\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'));

function scratchDirectory(t) {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-node-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('the package has all that it needs', (t) => {
  const directory = scratchDirectory(t);
  // From a copy: packing copies the proto beside the sources.
  const copy = join(directory, 'clients/node');
  mkdirSync(dirname(copy), { recursive: true });
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  execFileSync('cp', ['-r', '-P', join(root, '../../proto'), directory]);
  mkdirSync(copy);
  execFileSync('cp', ['-r', ...['package.json', 'README.md', '.gitignore', ...files.filter((file) =>
    file !== 'proto/')].map((file) => join(root, file)), copy]);
  const archive = execFileSync('npm', ['pack', '--loglevel=error', '--pack-destination', directory],
    { cwd: copy, encoding: 'utf8' }).trim().split('\n').at(-1);
  execFileSync('tar', ['-xzf', join(directory, archive)], { cwd: directory });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  rmSync(join(directory, 'proto'), { recursive: true });
  rmSync(join(directory, 'clients'), { recursive: true });
  const printed = execFileSync('node', ['-e', "console.log(require('signalbox').Result.SUCCESS)"],
    { cwd: join(directory, 'package'), encoding: 'utf8' });
  assert.equal(printed, 'SUCCESS\n');
});

test('TypeScript accepts the types, and the example with them', (t) => {
  const directory = scratchDirectory(t);
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/signalbox'));
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
  writeFileSync(join(directory, 'example.ts'),
    `declare const process: { env: { SHA: string } };\n${example}
    export const change = (await client.watch().next()).value;
    export const state: string = change.status.state;
    // @ts-expect-error: no such result
    await client.result('acme/app', '', 'PASSED');
    // @ts-expect-error: no field of a result
    await client.result('acme/app', '', 'SUCCESS', '', { rerun: true });
    export const text: string = await client.run('acme/app', '', 'ci', async () => 'text');\n`);
  execFileSync('node', [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict',
    '--module', 'nodenext', '--target', 'es2022', 'example.ts'],
  { cwd: directory, stdio: 'inherit' });
});

const bin = process.env.SIGNALBOX_BIN_DIR;
test('the example works', { skip: !bin && 'SIGNALBOX_BIN_DIR is not set' }, async (t) => {
  const directory = scratchDirectory(t);
  const server = spawn(join(bin, 'signalbox-server'),
    ['--listen', '127.0.0.1:0', '--web-listen', '127.0.0.1:0', '--data-dir', join(directory, 'd')],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH } });
  t.after(() => server.kill());
  let address = null;
  for await (const line of createInterface({ input: server.stdout })) {
    [, address] = /listening on (\S+)/.exec(line) ?? [];
    if (address) break;
  }
  const file = join(root, 'test', `example_${process.pid}.mjs`);
  t.after(() => rmSync(file));
  writeFileSync(file, example.replace('127.0.0.1:50051', address));
  execFileSync('node', [file], { env: { PATH: process.env.PATH, SHA }, stdio: 'inherit' });

  const client = connect(address);
  t.after(() => client.close());
  const { statuses } = await client.commitStatus('acme/app', SHA);
  assert.deepEqual(statuses.map(({ context, state, attempt }) => [context, state, attempt]),
    [['ci/build', 'SUCCESS', 1], ['ci/lint', 'SUCCESS', 1]]);
});
