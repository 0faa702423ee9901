/** Imports on the command line: overrides and assignments from files, by pattern, and the undo of a batch. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { rollgateHere } from './run-rollgate.js';
import { registerSample } from './start-service.js';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await registerSample(database.url);
  folder = await mkdtemp(join(tmpdir(), 'rollgate-import-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database?.drop();
});

const rollgate = (...args: string[]) => rollgateHere(args, database.url);
const fileOf = async (text: string | Uint8Array): Promise<string> => {
  const file = join(folder, 'file.csv');
  await writeFile(file, text);
  return file;
};
const HEAD = 'account,api,per_minute,per_hour,expires_at';
const importCsv = async (lines: readonly string[], ...flags: string[]) =>
  await rollgate('override', 'import', await fileOf([HEAD, ...lines].join('\n')), ...flags);
const count = async (table: string): Promise<number> =>
  Number((await database.pool.query(`SELECT count(*) FROM rollgate.${table}`)).rows[0].count);

test('a file is tried, imported and undone', async () => {
  const rows = ['one,publish-bot,300,9000,never', 'two,publish-bot,300,default,never'];
  const tried = await importCsv(rows, '--reason', 'launch', '--dry-run');
  expect(tried).toMatchObject({ code: 0, stderr: '' });
  expect(tried.stdout).toBe(
    'line 2  one  publish-bot  300 a minute, 9000 an hour  permanent\n' +
      'line 3  two  publish-bot  300 a minute, default an hour  permanent\n' +
      'Dry run, nothing was changed: 2 overrides for 2 accounts, of which 0 lower a limit.\n',
  );
  expect(await count('override')).toBe(0);
  const made = await importCsv(rows, '--reason', 'launch', '--ticket', 'SUP-7');
  expect(made.stdout).toMatch(/^ovr_\d+ +one {2}publish-bot {2}300 a minute/);
  const batch = /Imported as (bat_\d+): 2 overrides for 2 accounts/.exec(made.stdout)?.[1] as string;
  const { rows: stored } = await database.pool.query('SELECT DISTINCT reason, ticket FROM rollgate.override');
  expect(stored).toEqual([{ reason: 'launch', ticket: 'SUP-7' }]);
  expect((await rollgate('override', 'undo-batch', batch, '--reason', 'oops')).stdout).toMatch(
    /^Undone as bat_\d+: 2 changes, \d+ limits lowered\.\n {2}two: publish-bot falls from 300 to 60/,
  );
  expect((await rollgate('override', 'list')).stdout).toBe('None.\n');
  expect((await rollgate('override', 'undo-batch', batch, '--reason', 'oops')).stderr).toContain('Changed since: ovr_');
  expect((await rollgate('audit', 'verify')).code).toBe(0);
});

test('errors of all rows are printed with line and column, and nothing is imported', async () => {
  const before = await count('history');
  const { code, stdout, stderr } = await importCsv(
    ['one,publish-bot,300,9000,never', 'two,no-api,1,1,never', 'three,publish-bot,1,1,never'],
    '--reason',
    'r',
  );
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.split('\n')).toEqual([
    'rollgate: line 3, api: There is no API or group "no-api".',
    expect.stringMatching(/^rollgate: line 4, allow_lowering: This lowers a limit that is in force: publish-bot falls/),
    'rollgate: nothing was imported: 2 errors in 3 rows',
    '',
  ]);
  expect(await count('history')).toBe(before);
  const tried = await importCsv(['two,no-api,1,1,never'], '--reason', 'r', '--dry-run', '--json');
  expect(tried.code).toBe(1);
  expect(JSON.parse(tried.stdout)).toMatchObject({ batch: null, errors: [{ line: 2, column: 'api' }] });
});

test.each([
  ['with semicolons', HEAD.replaceAll(',', ';'), 'line 1: The columns must be separated by commas'],
  [
    'in another encoding',
    new Uint8Array(Buffer.from(`${HEAD}\nm\u00fcller,publish-bot,1,1,never`, 'latin1')),
    'is not UTF-8',
  ],
  ['that is too large', 'x'.repeat(5 * 1024 * 1024 + 1), 'is larger than 5 MB'],
])('a file %s is refused', async (_, text, message) => {
  const refused = await rollgate('override', 'import', await fileOf(text), '--reason', 'r');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
});

test('a file that does not exist is named', async () => {
  const { code, stderr } = await rollgate('override', 'import', join(folder, 'none.csv'), '--reason', 'r');
  expect([code, stderr]).toEqual([1, `rollgate: ${join(folder, 'none.csv')} can't be read: ENOENT\n`]);
});

test('plans are assigned from a file and by pattern, and undone together', async () => {
  await rollgate('plan', 'set', 'pro', '--limit', 'api=publish-bot:300/min,9000/h', '--reason', 'r');
  await rollgate('plan', 'set', 'max', '--limit', 'api=publish-bot:600/min,9000/h', '--reason', 'r');
  const file = await fileOf('account,plan,ends_at\nteam-a,pro,never\nteam-b,pro,never\nx,max,7d\n');
  const made = await rollgate('plan', 'assign-file', file, '--reason', 'r');
  expect(made.stdout).toMatch(/^asg_\d+ +team-a {2}pro {2}from \S+ {2}without end\n/);
  expect(made.stdout).toMatch(/Imported as bat_\d+: 3 assignments for 3 accounts, of which 0 lower a limit\.\n$/);
  const tried = await rollgate('plan', 'assign', '--pattern', 'team-*', 'max', '--reason', 'r', '--dry-run');
  expect(tried.stdout).toMatch(/^line 1 {2}.*team-a {2}max/);
  const all = await rollgate('plan', 'assign', '--pattern', 'team-?', 'max', '--reason', 'r');
  const batch = /Imported as (bat_\d+): 2 assignments/.exec(all.stdout)?.[1] as string;
  expect((await rollgate('plan', 'accounts', 'max')).stdout).toMatch(/team-b[\s\S]*team-a[\s\S]*x/);
  const undone = await rollgate('plan', 'undo-batch', batch, '--reason', 'r', '--allow-lowering');
  expect(undone.stdout).toMatch(
    /^Undone as bat_\d+: 4 changes, 2 limits lowered\.\n {2}team-b: publish-bot falls from 600/,
  );
  expect((await rollgate('plan', 'accounts', 'pro')).stdout).toMatch(/team-b[\s\S]*team-a/);
});

test.each([
  [['--pattern', 'team-*', 'acme', 'pro'], 'Say an account and a plan, or --pattern and a plan.'],
  [['acme'], 'Say an account and a plan, or --pattern and a plan.'],
  [['--pattern', 'acme', 'pro'], '--pattern: needs * or ?'],
  [['acme', 'pro', '--dry-run'], '--dry-run needs --pattern.'],
  [['--pattern', 'none-*', 'pro'], 'No known account matches "none-*".'],
])('plan assign %j is refused', async (args, message) => {
  const refused = await rollgate('plan', 'assign', ...args, '--reason', 'r');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
});

test('10,000 rows are imported with progress', async () => {
  const rows = Array.from({ length: 10_000 }, (_, at) => `many-${at},publish-bot,${300 + (at % 7)},9000,never`);
  const since = performance.now();
  const { code, stdout, stderr } = await importCsv(rows, '--reason', 'r');
  const seconds = (performance.now() - since) / 1000;
  process.stdout.write(`10,000 overrides imported in ${seconds.toFixed(1)} s\n`);
  expect(code).toBe(0);
  expect(stdout).toContain('10000 overrides for 10000 accounts, of which 0 lower a limit');
  expect(stderr.match(/of 10000 checked/g)).toHaveLength(10);
  const { rows: stored } = await database.pool.query(
    "SELECT count(*)::int AS n, count(DISTINCT o.created_in)::int AS versions FROM rollgate.override o WHERE o.account LIKE 'many-%'",
  );
  expect(stored).toEqual([{ n: 10_000, versions: 10_000 }]);
  expect((await rollgate('audit', 'verify')).code).toBe(0);
}, 180_000);
