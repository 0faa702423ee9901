/** The two programs `main.js` and `platform-token.js`, run as processes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  createTestDatabase,
  type NodeProcess,
  spawnNode,
  type TestDatabase,
  untilSessionWaits,
} from '@rollgate/testing';
import { TokenVerifier } from '../src/auth/tokens.js';
import { SECRET } from './start-platform.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const TOKEN = fileURLToPath(new URL('../dist/platform-token.js', import.meta.url));
const UNSET = {
  ROLLGATE_JWT_SECRET: undefined,
  ROLLGATE_JWT_SECRET_FILE: undefined,
  PLATFORM_PORT: undefined,
  ROLLGATE_DRAIN_MS: '0',
};

// Starting programs takes seconds on a busy machine.
jest.setTimeout(60_000);

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'rollgate-platform-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const run = async (script: string, args: string[], env: Record<string, string | undefined>) => {
  const program = await spawnNode({ script, args, env: { ...UNSET, ...env } });
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
};

describe('platform-token', () => {
  const token = (args: string[], env: Record<string, string> = { ROLLGATE_JWT_SECRET: SECRET }) =>
    run(TOKEN, args, env);

  test('prints only the token, which the platform accepts', async () => {
    const { code, stdout, stderr } = await token(['--account', 'acme', '--app', 'shop']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(await new TokenVerifier(SECRET).verify(stdout.trim())).toEqual({ account: 'acme', app: 'shop' });
    const { iat, exp } = JSON.parse(Buffer.from(String(stdout.split('.')[1]), 'base64url').toString());
    expect(exp - iat).toBe(30 * 86_400);
  });

  test('reads the secret from a file, and accepts an expiry', async () => {
    const file = join(folder, 'secret');
    await writeFile(file, `${SECRET}\n`);
    const { stdout } = await token(['--account', 'acme', '--expires', '90m'], { ROLLGATE_JWT_SECRET_FILE: file });
    expect(await new TokenVerifier(SECRET).verify(stdout.trim())).toEqual({ account: 'acme', app: undefined });
    const { iat, exp } = JSON.parse(Buffer.from(String(stdout.split('.')[1]), 'base64url').toString());
    expect(exp - iat).toBe(5400);
  });

  test('--help shows the usage', async () => {
    expect(await token(['--help'], {})).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('--account'),
    });
  });

  test.each<[args: string[], env: Record<string, string>, reason: RegExp]>([
    [[], { ROLLGATE_JWT_SECRET: SECRET }, /^platform-token: --account is missing/],
    [['--account', ' '], { ROLLGATE_JWT_SECRET: SECRET }, /^platform-token: the account must not be blank\n$/],
    [['--account', 'acme', '--expires', 'soon'], { ROLLGATE_JWT_SECRET: SECRET }, /^platform-token: --expires takes/],
    [['--acount', 'acme'], { ROLLGATE_JWT_SECRET: SECRET }, /^platform-token: Unknown option '--acount'/],
    [['--account', 'acme'], {}, /^platform-token: ROLLGATE_JWT_SECRET is missing/],
    [['--account', 'acme'], { ROLLGATE_JWT_SECRET: 'short' }, /at least 32 bytes, this one has 5\n$/],
  ])('%j: reports what is wrong, and prints no token', async (args, env, reason) => {
    expect(await token(args, env)).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(reason) });
  });
});

describe('main', () => {
  const started: NodeProcess[] = [];
  afterAll(() => Promise.all(started.map((program) => program.stop())));

  const start = async () => {
    const env = { ...UNSET, ROLLGATE_JWT_SECRET: SECRET, DATABASE_URL: database.url, PLATFORM_PORT: '0' };
    const program = await spawnNode({ script: MAIN, env, readyLine: /ready/ });
    started.push(program);
    return { program, url: String(/http:\S+/.exec(program.stdout())?.[0]) };
  };
  const authorization = async () => {
    const { stdout } = await run(TOKEN, ['--account', 'acme'], { ROLLGATE_JWT_SECRET: SECRET });
    return { authorization: `Bearer ${stdout.trim()}` };
  };

  test.each<[env: Record<string, string>, reason: string]>([
    [{ ROLLGATE_JWT_SECRET: 'short' }, 'ROLLGATE_JWT_SECRET: a secret has at least 32 bytes, this one has 5'],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/none' }, 'the database of DATABASE_URL does not answer'],
  ])('%j: one line, exit 1', async (wrong, reason) => {
    const env = { ROLLGATE_JWT_SECRET: SECRET, DATABASE_URL: database.url, ...wrong };
    const { code, stdout, stderr } = await run(MAIN, [], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^platform: .*\n$/);
    expect(stderr).toContain(reason);
  });

  test('a port in use: one line, exit 1', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const { port } = squatter.address() as { port: number };
    const env = { ROLLGATE_JWT_SECRET: SECRET, DATABASE_URL: database.url, PLATFORM_PORT: String(port) };
    const { code, stderr } = await run(MAIN, [], env);
    squatter.close();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `platform: port ${port} is taken: set PLATFORM_PORT to another one\n`,
    });
  });

  test('two that start at the same time on a new database both serve calls', async () => {
    const instances = await Promise.all([start(), start()]);
    const headers = await authorization();
    for (const { url, program } of instances) {
      expect((await fetch(`${url}/api/public/bots/my-bot/publish`, { method: 'POST', headers })).status).toBe(202);
      expect(await program.stop()).toEqual({ code: 0, signal: null });
      expect(program.stderr()).toBe('');
    }
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s: requests in progress are answered, then exit 0', async (signal) => {
    const { program, url } = await start();
    const headers = await authorization();
    await fetch(`${url}/api/public/tables/t/rows`, { headers });
    const blocker = await database.pool.connect();
    await blocker.query('BEGIN; LOCK TABLE platform.rows IN ACCESS EXCLUSIVE MODE');
    const answer = fetch(`${url}/api/public/tables/t/rows`, { headers });
    await untilSessionWaits(database.pool);
    program.kill(signal);
    await sleep(200);
    await blocker.query('COMMIT');
    blocker.release();
    expect((await answer).status).toBe(200);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stderr()).toBe('');
  });
});
