import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, spawnNode } from '@rollgate/testing';
import { Browser } from './browser.js';
import { type Run, rollgateHere } from './run-rollgate.js';
import { type OwnService, startOwnService } from './start-service.js';

let service: OwnService;

beforeAll(async () => {
  service = await startOwnService();
});

afterAll(() => service?.stop());

const run = (...args: string[]): Promise<Run> => rollgateHere(args, service.database.url);

async function json<Result>(...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await run(...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Result;
}

async function withStdin(text: string, ...args: string[]): Promise<Run> {
  const script = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const program = await spawnNode({ script, args, env: { DATABASE_URL: service.database.url } });
  program.send(text);
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

interface Added {
  readonly staff: { readonly id: string; readonly login: string; readonly role: string };
  readonly password: string | null;
}

test('a person added with a random password can sign in, and the history records the addition', async () => {
  const { staff, password } = await json<Added>('staff', 'add', 'Ann@example.com', '--role', 'admin', '--name', 'Ann');
  expect(staff).toMatchObject({ login: 'ann@example.com', displayName: 'Ann', role: 'admin' });
  expect((await new Browser(service).signIn('ann@example.com', password as string)).status).toBe(200);
  const { rows } = await service.database.pool.query(
    'SELECT kind, action, actor FROM rollgate.history WHERE target = $1',
    [staff.id],
  );
  expect(rows).toEqual([{ kind: 'staff', action: 'add', actor: expect.stringMatching(/^cli:.+/) }]);
});

test('a password from stdin is not printed', async () => {
  const { code, stdout } = await withStdin(
    'a password of hers\n',
    'staff',
    'add',
    'bea@example.com',
    '--role',
    'viewer',
    '--password-stdin',
  );
  expect([code, stdout]).toEqual([0, 'added bea@example.com as viewer\n']);
  expect((await new Browser(service).signIn('bea@example.com', 'a password of hers')).status).toBe(200);
});

test('a password that is too short is refused with exit code 1', async () => {
  const short = await withStdin('short\n', 'staff', 'reset', 'ann@example.com', '--password-stdin');
  expect(short).toEqual({ code: 1, stdout: '', stderr: 'rollgate: A password has at least 12 characters.\n' });
});

test('disabling, enabling, changing the role and resetting the password work as over the API', async () => {
  await run('staff', 'add', 'cyd@example.com', '--role', 'support');
  const { password } = await json<Added>('staff', 'reset', 'cyd@example.com');
  const browser = new Browser(service);
  expect((await browser.signIn('cyd@example.com', password as string)).status).toBe(200);
  expect((await run('staff', 'role', 'cyd@example.com', 'auditor', '--reason', 'moved')).stdout).toBe(
    'cyd@example.com is auditor, enabled\n',
  );
  expect((await browser.get('/admin/api/staff')).status).toBe(200);
  expect((await run('staff', 'disable', 'cyd@example.com')).stdout).toBe('cyd@example.com is auditor, disabled\n');
  expect((await browser.get('/admin/api/staff')).status).toBe(401);
  expect(await json('staff', 'enable', 'cyd@example.com')).toMatchObject({ disabledAt: null, role: 'auditor' });
});

test('all people are listed, without secrets', async () => {
  const { items } = await json<{ items: { login: string }[] }>('staff', 'list');
  expect(items.map(({ login }) => login)).toEqual(expect.arrayContaining(['ann@example.com', 'bea@example.com']));
  const { stdout } = await run('staff', 'list');
  expect(stdout).toMatch(/^ann@example\.com +admin +last signed in: 2/m);
  expect(stdout + JSON.stringify(items)).not.toContain('argon2');
});

test('a token created on the command line works until it is revoked', async () => {
  const { secret } = await json<{ secret: string }>('token', 'create', 'ci', '--permissions', 'staff.read,export');
  const ask = () => service.call('/admin/api/staff', { headers: { authorization: `Bearer ${secret}` } });
  expect((await ask()).status).toBe(200);
  expect((await run('token', 'list')).stdout).toMatch(/^tok_\d+ +ci +until revoked +staff\.read, export\n$/);
  expect(await run('token', 'revoke', 'ci')).toEqual({ code: 0, stdout: 'ci works no more\n', stderr: '' });
  expect((await ask()).status).toBe(401);
  expect(await run('token', 'revoke', 'ci')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'rollgate: there is no token "ci" that works: see rollgate token list\n',
  });
  const { token } = await json<{ token: { expiresAt: string } }>(
    ...['token', 'create', 'short', '--permissions', 'export', '--days', '2'],
  );
  expect(Date.parse(token.expiresAt) - Date.now()).toBeGreaterThan(47 * 3_600_000);
});

test.each([
  [
    ['staff', 'disable', 'unknown@example.com'],
    1,
    'rollgate: there is no "unknown@example.com": see rollgate staff list\n',
  ],
  [
    ['staff', 'disable', 'ann@example.com'],
    1,
    'rollgate: At least one enabled admin is required. Add another one first.\n',
  ],
  [['staff', 'add', 'ann@example.com', '--role', 'viewer'], 1, 'rollgate: There is a "ann@example.com" already.\n'],
  [['staff', 'add', 'dan@example.com'], 2, expect.stringMatching(/^rollgate: required option '--role <role>'/)],
  [['staff', 'add', 'dan@example.com', '--role', 'owner'], 2, expect.stringContaining('Allowed choices are viewer')],
  [['staff', 'add', 'a b', '--role', 'viewer'], 2, expect.stringContaining('must look like ann@example.com')],
  [['token', 'create', 'x', '--permissions', 'all'], 2, expect.stringContaining('There is no "all"')],
  [['token', 'create', 'x', '--permissions', 'export', '--days', '0'], 2, expect.stringContaining('whole number')],
])('the arguments %j are refused', async (args, code, stderr) => {
  expect(await run(...args)).toEqual({ code, stdout: '', stderr });
});

test('without a subcommand the available subcommands are shown', async () => {
  const { code, stderr } = await run('staff');
  expect(code).toBe(2);
  expect(stderr).toMatch(/list[\s\S]*add[\s\S]*reset[\s\S]*disable[\s\S]*enable[\s\S]*role/);
});

test('a database without the tables is reported in one line', async () => {
  const empty = await createTestDatabase({ migrated: false });
  try {
    const { code, stderr } = await rollgateHere(['staff', 'list'], empty.url);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rollgate: the database at .* lacks 001-baseline.*: run "rollgate migrate"\n$/);
  } finally {
    await empty.drop();
  }
});
