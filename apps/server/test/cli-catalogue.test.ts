/** The catalogue on the command line: reading it, and registering the APIs of a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SAMPLE_APPLICATION, sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { type Run, rollgateHere } from './run-rollgate.js';
import { registerSample } from './start-service.js';

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'rollgate-catalogue-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

const run = (...args: string[]): Promise<Run> => rollgateHere(['catalogue', ...args], database.url);
function file(text: string): string {
  const path = join(folder, 'limits.yaml');
  writeFileSync(path, text);
  return path;
}

const SHOP = `
application: shop
groups:
  - id: orders
    title: Orders
    level: [bot, user]
    limits: { perMinute: 5, perHour: 50 }
    apis:
      - { id: place-order, title: Place an order, message: Too many orders. }
      - { id: cancel-order, title: Cancel an order, limits: { perMinute: 2, perHour: 20 } }
  - id: pages
    title: Pages
    level: [ip]
    scope: group
    limits: { perMinute: 100, perHour: 1000 }
    apis:
      - { id: home, title: Home }
`;

const stored = async () => {
  const { rows } = await database.pool.query(
    `SELECT (SELECT count(*)::int FROM rollgate.history) AS history, (SELECT policy_version::int FROM rollgate.ledger) AS version,
       (SELECT count(*)::int FROM rollgate.catalogue) AS apis`,
  );
  return rows[0];
};

describe('plan', () => {
  test('shows what would change, writes nothing, and exits with 2', async () => {
    const before = await stored();
    expect(await run('plan', file(SHOP))).toEqual({
      code: 2,
      stderr: '',
      stdout: [
        '+ place-order: [bot, user], 5 per minute, 50 per hour, group orders',
        '+ cancel-order: [bot, user], 2 per minute, 20 per hour, group orders',
        '+ home: [ip], 100 per minute, 1000 per hour, group pages (counted together)',
        '3 to add.',
        '',
      ].join('\n'),
    });
    expect(await stored()).toEqual(before);
  });

  test('exits with 0 when nothing would change', async () => {
    await run('apply', file(SHOP));
    expect(await run('plan', file(SHOP))).toEqual({ code: 0, stderr: '', stdout: 'Nothing would change.\n' });
  });

  test('names each changed part of an API, and what is retired and returns', async () => {
    await run('apply', file(SHOP));
    const changed = SHOP.replace('perMinute: 5,', 'perMinute: 9,')
      .replace('level: [ip]', 'level: [ip, user]')
      .replace(/ {6}- \{ id: cancel-order.*\n/, '');
    expect((await run('plan', file(changed))).stdout).toBe(
      '~ place-order: perMinute 5 -> 9\n~ home: level [ip] -> [ip, user]\n- cancel-order: retired, its history and overrides stay\n2 to change, 1 to retire.\n',
    );
    await run('apply', file(changed));
    expect((await run('plan', file(SHOP))).stdout).toContain('+ cancel-order: in use again\n');
  });
});

describe('apply', () => {
  test('registers all APIs for the file, with the person in the history', async () => {
    expect(await run('apply', file(SHOP))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Registered for file:shop.'),
    });
    const { rows } = await database.pool.query(
      `SELECT api, owners, message, scope FROM rollgate_audit.catalogue_v1 WHERE api IN ('place-order', 'home') ORDER BY api`,
    );
    expect(rows).toEqual([
      { api: 'home', owners: ['file:shop'], message: expect.stringContaining('Rate limit'), scope: 'group' },
      { api: 'place-order', owners: ['file:shop'], message: 'Too many orders.', scope: 'api' },
    ]);
    const history = await database.pool.query(
      `SELECT DISTINCT actor, reason FROM rollgate.history WHERE kind = 'catalogue'`,
    );
    expect(history.rows).toEqual([{ actor: expect.stringMatching(/^cli:/), reason: 'registered by file:shop' }]);
  });

  test('stores nothing when an API belongs to another application, and prints each conflict', async () => {
    await registerSample(database.url);
    const text = SHOP.replace('id: home', 'id: publish-bot');
    const before = await stored();
    const { code, stderr } = await run('apply', file(text));
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual([
      expect.stringContaining('Nothing of the catalogue of "file:shop" was stored'),
      expect.stringMatching(
        /^rollgate: publish-bot: "file:shop" registers \[ip\], .*; "sample-platform" registers \[bot\]/,
      ),
      '',
    ]);
    expect(await stored()).toEqual(before);
  });
});

test.each<[string, string, string]>([
  ['no YAML', 'groups: [', 'rollgate: '],
  ['a name twice', 'application: a\napplication: b', 'keys must be unique'],
  ['no application', 'groups: []', 'application: must name the application'],
  ['a bad name of an application', 'application: my shop\ngroups: []', '"my shop" is not 1 to 64 letters'],
  ['an unknown key', `${SHOP}colour: red`, 'colour'],
  ['an ID with capitals', SHOP.replace('id: home', 'id: Home'), 'groups[1].apis[0].id: an id is lower case'],
  ['an API twice', SHOP.replace('id: home', 'id: place-order'), 'two APIs have the ID "place-order"'],
  ['a limit below 0', SHOP.replace('perMinute: 5,', 'perMinute: -5,'), 'groups[0].limits.perMinute'],
])('a file with %s is refused', async (_, text, told) => {
  const { code, stdout, stderr } = await run('apply', file(text));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(told);
});

test('a file that does not exist is named', async () => {
  expect(await run('plan', '/nowhere.yaml')).toMatchObject({
    code: 1,
    stderr: 'rollgate: /nowhere.yaml cannot be read: ENOENT\n',
  });
});

test('list and show print the catalogue, with owners and retired APIs', async () => {
  expect((await run('list')).stdout).toBe('No application has registered an API yet.\n');
  await run('apply', file(SHOP));
  await run('apply', file(SHOP.replace(/ {6}- \{ id: cancel-order.*\n/, '')));
  const lines = (await run('list')).stdout.split('\n');
  expect(lines[0]).toMatch(/^place-order +\[bot, user\] +5\/min 50\/h +orders +file:shop$/);
  expect(lines[1]).toMatch(/^cancel-order .* retired 2/);
  expect(lines[2]).toMatch(/^home .*pages \(counted together\)/);
  expect((await run('show', 'place-order')).stdout).toContain('message:       Too many orders.\n');
  expect(JSON.parse((await run('show', 'home', '--json')).stdout)).toMatchObject({
    owners: ['file:shop'],
    retiredAt: null,
  });
  expect(await run('show', 'hom')).toMatchObject({ code: 1, stderr: 'rollgate: there is no API "hom"\n' });
});

test('applications lists who registers APIs, and retire gives up those of an application that no longer runs', async () => {
  await run('apply', file(SHOP));
  await run(
    'apply',
    file(SHOP.replace('application: shop', 'application: kiosk').replace(/ {6}- \{ id: cancel-order.*\n/, '')),
  );
  await database.pool.query(`INSERT INTO rollgate.catalogue_owner VALUES ('(before 0.2.0)', 'home', now())`);
  expect((await run('applications')).stdout).toMatch(
    /^\(before 0\.2\.0\) +1 APIs {2}since .* UTC\nfile:kiosk +2 APIs .*\nfile:shop +3 APIs .*\n$/,
  );
  const retired = '- cancel-order: retired, its history and overrides stay\n';
  const before = await stored();
  expect((await run('retire', 'file:shop', '--dry-run')).stdout).toBe(`${retired}Nothing was changed.\n`);
  expect(await stored()).toEqual(before);
  expect((await run('retire', 'file:shop')).stdout).toBe(`${retired}"file:shop" registers no API any more.\n`);
  expect((await run('retire', '(before 0.2.0)')).stdout).toBe(
    'Other applications register all of its APIs, so none is retired.\n"(before 0.2.0)" registers no API any more.\n',
  );
  expect(JSON.parse((await run('applications', '--json')).stdout)).toMatchObject([
    { application: 'file:kiosk', apis: 2 },
  ]);
  expect(await run('retire', 'file:shop')).toMatchObject({
    code: 1,
    stderr: 'rollgate: no application "file:shop" registers APIs; applications: file:kiosk\n',
  });
});

test('load registers the sample matrix as the sample platform does', async () => {
  expect((await run('load', 'matrix')).code).toBe(0);
  expect((await run('load', 'matrix')).stdout).toBe('Nothing changed.\n');
  const apis = JSON.parse((await run('list', '--json')).stdout) as { owners: string[] }[];
  expect(apis).toHaveLength(sampleCatalogue.size);
  expect(new Set(apis.flatMap(({ owners }) => owners))).toEqual(new Set([SAMPLE_APPLICATION]));
  expect(await run('load', 'nothing')).toMatchObject({ code: 1, stderr: expect.stringContaining('samples: matrix') });
});

test('account show and catalogue list write nothing', async () => {
  await run('apply', file(SHOP));
  const tables = async () => {
    const { rows } = await database.pool.query(
      `SELECT (SELECT jsonb_agg(c ORDER BY api) FROM rollgate.catalogue c) AS catalogue, (SELECT jsonb_agg(h ORDER BY id) FROM rollgate.history h) AS history,
         (SELECT jsonb_agg(o ORDER BY api) FROM rollgate.catalogue_owner o) AS owners, (SELECT jsonb_agg(l) FROM rollgate.ledger l) AS ledger,
         (SELECT count(*)::int FROM rollgate.instance) AS instances`,
    );
    return rows[0];
  };
  const before = await tables();
  expect((await rollgateHere(['account', 'show', 'acme'], database.url)).stdout).toContain(
    'No traffic in the last hour.',
  );
  expect((await run('list')).code).toBe(0);
  expect(await tables()).toEqual(before);
});
