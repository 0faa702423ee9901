/** `rollgate sql` and `rollgate explain`: a session with an auditor's rights on the command line. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createTestDatabase, eventToWrite, spawnNode, type TestDatabase } from '@rollgate/testing';
import pg from 'pg';
import { type Run, rollgate } from './run-rollgate.js';

const script = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'rollgate-sql-'));
  await database.pool.query('SELECT rollgate.write_events($1)', [
    JSON.stringify([event('ev-1', 'acme'), event('ev-2', '=1+1\u001b[2J')]),
  ]);
});
/** Each test starts the program several times. */
jest.setTimeout(60_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database?.drop();
});

const event = (id: string, account: string) =>
  eventToWrite({
    id,
    account,
    subject: `${id}/publish-bot/bot=b`,
    first_ms: Date.UTC(2026, 2, 10, 9, 0, 0, 250),
    retry_ms: null,
    count: 3,
    units: 3,
    instance: 'n:1',
  });

const sql = (...args: string[]): Promise<Run> => rollgate(['sql', ...args], database.url);
const EVENTS = 'SELECT id, account, count, first_at, dimensions, retry_at FROM limit_events_v1 ORDER BY id';

/** Runs statements from stdin. */
async function piped(input: string, ...args: string[]): Promise<Run> {
  const program = await spawnNode({ script, args: ['sql', ...args], env: { DATABASE_URL: database.url } });
  program.send(input);
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

describe('sql', () => {
  test('rows are printed as a table in which control characters are escaped', async () => {
    expect(await sql('-c', 'SELECT id, account, count FROM limit_events_v1 ORDER BY id')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'id   | account       | count',
        '-----+---------------+------',
        'ev-1 | acme          |     3',
        'ev-2 | =1+1\\u001b[2J |     3',
        '(2 rows)',
        '',
      ].join('\n'),
    });
  });

  test('rows are printed as CSV in which no cell is a formula', async () => {
    expect((await sql('-c', EVENTS, '--format', 'csv')).stdout).toBe(
      `id,account,count,first_at,dimensions,retry_at\nev-1,acme,3,2026-03-10 09:00:00.25+00,"{""bot"": ""b""}",\nev-2,'=1+1\u001b[2J,3,2026-03-10 09:00:00.25+00,"{""bot"": ""b""}",\n`,
    );
  });

  test('rows are printed as JSON with numbers as numbers', async () => {
    const { stdout } = await sql('-c', EVENTS, '--format', 'json');
    expect(JSON.parse(stdout)[0]).toEqual({
      id: 'ev-1',
      account: 'acme',
      count: 3,
      first_at: '2026-03-10T09:00:00.25Z',
      dimensions: { bot: 'b' },
      retry_at: null,
    });
  });

  test('the session has only the auditor’s rights, time limit and time zone UTC, whichever login connects', async () => {
    const { stdout } = await sql(
      '--format',
      'json',
      '-c',
      `SELECT current_user AS who, current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle,
              current_setting('transaction_read_only') AS read_only, current_setting('TimeZone') AS zone`,
    );
    expect(JSON.parse(stdout)).toEqual([
      { who: 'rollgate_auditor', statement: '30s', idle: '15s', read_only: 'on', zone: 'UTC' },
    ]);
    for (const statement of [
      'SELECT FROM rollgate.history',
      'DELETE FROM rollgate.limit_event_row',
      'CREATE TABLE mine ()',
    ])
      expect(await sql('-c', statement)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^rollgate: .*(42501|25006)/),
      });
  });

  test('an error shows its position and ends the run', async () => {
    expect(await sql('-c', 'SELECT 1 AS one; SELECT 2,\n  nothing FROM catalogue_v1; SELECT 3')).toEqual({
      code: 1,
      stdout: 'one\n---\n  1\n(1 row)\n',
      stderr: 'rollgate: column "nothing" does not exist (42703, line 2, column 3)\n',
    });
  });

  test('statements are read from a file and from stdin', async () => {
    const file = join(folder, 'two.sql');
    await writeFile(file, `-- which; one?\nSELECT 'a;b' AS x;\nSELECT 2 AS y`);
    const expected = 'x\n---\na;b\n(1 row)\ny\n-\n2\n(1 row)\n';
    expect(await sql('-f', file)).toEqual({ code: 0, stdout: expected, stderr: '' });
    expect(await piped(`SELECT 'a;b'\n  AS x; SELECT 2 AS y;\n\\q\nSELECT 3;\n`)).toEqual({
      code: 0,
      stdout: expected,
      stderr: '',
    });
    expect(await piped('\\format csv\nSELECT 1 AS one;\nSELECT nothing;\nSELECT 2;\n\\q\n')).toMatchObject({
      code: 1,
      stdout: 'one\n1\n',
    });
    expect(await sql('-f', join(folder, 'none.sql'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none\.sql cannot be read: ENOENT/),
    });
  });

  test('\\d lists views and functions, and the columns of a view with their descriptions', async () => {
    const { stdout } = await piped('\\d\n\\d rollgate_audit.usage_now_v1\n\\d nothing\n\\q\n');
    expect(stdout).toMatch(/^limit_events_v1 +\| view +\| Denied calls/m);
    expect(stdout).toMatch(/^explain_denial\(denial_id\) +\| function \| /m);
    expect(stdout).toMatch(/^minute_used +\| bigint +\| units in the last 60 s$/m);
    expect(stdout).toMatch(/^there is no view "nothing"$/m);
  });

  test('--url prints a connection string of an auditor’s login, with the password if it is known', async () => {
    const login = `mia_${randomBytes(4).toString('hex')}`;
    const password = `p@ss/${randomBytes(8).toString('hex')}`;
    await writeFile(join(folder, 'password'), `${password}\n`);
    const made = await rollgate(
      ['login', 'add', login, '--as', 'auditor', '--password-file', join(folder, 'password')],
      database.url,
    );
    expect(made.code).toBe(0);
    try {
      expect(await sql('--url')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/--login/) });
      const bare = await sql('--url', '--login', login);
      expect(bare.stdout).toMatch(new RegExp(`^postgres://${login}@127\\.0\\.0\\.1:\\d+/test_\\w+\\n$`));
      expect(bare.stderr).toMatch(/ROLLGATE_AUDITOR_PASSWORD/);
      const program = await spawnNode({
        script,
        args: ['sql', '--url'],
        env: {
          DATABASE_URL: database.url,
          ROLLGATE_AUDITOR_LOGIN: login,
          ROLLGATE_AUDITOR_PASSWORD_FILE: join(folder, 'password'),
        },
      });
      await program.exited;
      expect(program.stderr()).toBe('');
      const url = program.stdout().trim();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query(
        `SELECT current_user AS who, current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle,
              current_setting('TimeZone') AS zone, (SELECT count(*)::int FROM limit_events_v1) AS events`,
      );
      expect(rows).toEqual([{ who: login, statement: '30s', idle: '15s', zone: 'UTC', events: 2 }]);
      await expect(client.query('CREATE TEMPORARY TABLE mine ()')).rejects.toMatchObject({ code: '25006' });
      await client.end();
      expect((await rollgate(['sql', '-c', 'SELECT current_user'], url)).stdout).toContain(login);
    } finally {
      await rollgate(['login', 'remove', login], database.url);
    }
  });

  test('a login that may not become the auditor gets an error that says what to do', async () => {
    await database.pool.query(`DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'stranger'`);
    const url = new URL(database.url);
    url.username = 'stranger';
    url.password = 'stranger';
    expect(await rollgate(['sql', '-c', 'SELECT 1'], url.href)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'rollgate: stranger may not read as an auditor: connect with a login made by "rollgate login add NAME --as auditor", or have a superuser run GRANT rollgate_auditor TO "stranger"\n',
    });
    await database.pool.query('GRANT rollgate_auditor TO stranger');
    expect((await rollgate(['sql', '-c', 'SELECT count(*) FROM limit_events_v1'], url.href)).code).toBe(0);
    await database.pool.query('DROP ROLE stranger');
  });

  test.each([[['-c', 'SELECT 1', '-f', 'x']], [['--format', 'xml']], [['-c', 'SELECT 1', '--url']]])(
    'the wrong arguments %j are refused',
    async (args) => {
      expect(await sql(...args)).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

describe('explain', () => {
  test('explain describes a denial as a sentence or as JSON', async () => {
    const told = await rollgate(['explain', 'ev-1.2'], database.url);
    expect(told).toEqual({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^Call 2 of acme to publish-bot was denied at 2026-03-10 09:00:00 UTC because .*\n$/,
      ),
    });
    const facts = JSON.parse((await rollgate(['explain', 'ev-1.2', '--json'], database.url)).stdout);
    expect(facts).toMatchObject({ id: 'ev-1.2', event_id: 'ev-1', number: 2, limit: 60, window: 'minute' });
    expect(`${facts.sentence}\n`).toBe(told.stdout);
  });

  test('explain reports an id that is not on record', async () => {
    expect(await rollgate(['explain', 'no-such'], database.url)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'rollgate: there is no denial "no-such" on record\n',
    });
  });
});
