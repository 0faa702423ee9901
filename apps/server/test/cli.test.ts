import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { freePort } from '@rollgate/testing';
import { rollgate } from './run-rollgate.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

test('--version prints the version', async () => {
  expect(await rollgate(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('npx runs it: the file that npm links can be executed', () => {
  const linked = fileURLToPath(new URL('../bin/rollgate.mjs', import.meta.url));
  expect(execFileSync(linked, ['--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
});

test.each([[['--help']], [['help']]])('%p lists the commands', async (args) => {
  const { code, stdout, stderr } = await rollgate(args);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Usage: rollgate/);
  for (const command of ['migrate', 'doctor']) expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
});

test('each command has its own help', async () => {
  const { code, stdout } = await rollgate(['migrate', '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/--status .*--json/s);
});

test('without arguments the usage is shown', async () => {
  const { code, stdout, stderr } = await rollgate([]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^Usage: rollgate/);
});

test.each([
  [['migrat'], `rollgate: unknown command 'migrat' (Did you mean migrate?); see rollgate --help\n`],
  [['migrate', '--stats'], `rollgate: unknown option '--stats' (Did you mean --status?); see rollgate --help\n`],
  [['doctor', 'now'], expect.stringMatching(/^rollgate: too many arguments.*; see rollgate --help\n$/)],
])('the wrong arguments %p are reported in one line with exit code 2', async (args, stderr) => {
  expect(await rollgate(args, 'postgres://127.0.0.1:1/never-asked')).toEqual({ code: 2, stdout: '', stderr });
});

test.each([[['migrate']], [['migrate', '--status', '--json']], [['doctor']]])(
  '%p without a database setting is reported in one line with exit code 1',
  async (args) => {
    const { code, stdout, stderr } = await rollgate(args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^rollgate: DATABASE_URL is missing.*\n$/);
  },
);

test('an unreachable database is reported in one line without the password', async () => {
  const port = await freePort();
  expect(await rollgate(['migrate'], `postgres://me:secret@127.0.0.1:${port}/db`)).toEqual({
    code: 1,
    stdout: '',
    stderr: `rollgate: cannot reach the database at 127.0.0.1:${port}/db: connection refused\n`,
  });
});
