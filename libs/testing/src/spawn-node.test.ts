import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnNode } from './spawn-node.js';

let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spawn-node-'));
  script = join(folder, 'program.mjs');
  await writeFile(
    script,
    `process.stdin.on('data', (text) => console.log('heard ' + text));
     process.on('SIGTERM', () => process.exit(3));
     console.log('ready ' + process.env.GREETING + ' ' + process.argv[2]);`,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('a spawned program gets arguments, environment and input, and its ready line and exit code are reported', async () => {
  const program = await spawnNode({ script, args: ['there'], env: { GREETING: 'hello' }, readyLine: /^ready/ });
  expect(program.stdout()).toBe('ready hello there\n');
  program.send('me');
  await program.waitForLine(/^heard me$/);
  expect(await program.stop()).toEqual({ code: 3, signal: null });
});

test('kill ends a spawned program at once and the signal is reported', async () => {
  const program = await spawnNode({ script, readyLine: /^ready/ });
  program.kill('SIGKILL');
  expect(await program.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a program that ends before its ready line rejects with its output', async () => {
  const broken = join(folder, 'broken.mjs');
  await writeFile(broken, `console.error('no such thing'); process.exit(1);`);
  await expect(spawnNode({ script: broken, readyLine: /ready/ })).rejects.toThrow(/no such thing/);
});
