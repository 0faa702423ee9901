/** The policy as a file: exporting it, showing what a file would change, and applying it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { REASON, usePolicyFileDesk } from './policy-file-desk.js';

const desk = usePolicyFileDesk();

/** Every kind of item, with overrides and assignments of the present and the future. */
async function fill(): Promise<void> {
  await desk.editDefaults('publish-bot', { per_minute: 20, shadow: true });
  await desk.set('plan set pro --title Pro --limit all:2x --limit api=publish-bot:300/min,9000/h');
  await desk.set('plan set old --description Oldest');
  await desk.set('plan assign acme pro --ends 2d --ticket SALES-1');
  await desk.set('plan assign acme old --starts 2d');
  await desk.set('plan assign globex old');
  await desk.set('plan set old --retire');
  await desk.set('override set acme --factor 1.5 --expires never');
  await desk.set('override set acme --api publish-bot --subject bot=b,1 --per-minute 600 --per-hour default');
  await desk.set('override set acme --api publish-bot --per-minute default --per-hour 9000 --starts 3d --expires 5d');
  await desk.set('override set acme --api publish-bot --per-minute 0 --per-hour 0 --ticket SUP-1');
  await desk.set('override set acme --extra-minute 50 --extra-hour 500 --expires 2h');
  await desk.set(
    'override set globex --group bot-definition --mode shadow',
    '--reason',
    'Is it right? "Yes": no.\n\n# so',
  );
}

const SOME = `
plans:
  - id: pro
    limits:
      - { factor: 2 }
assignments:
  - account: acme
    plan: pro
overrides:
  - account: acme
    api: publish-bot
    perMinute: 300
  - account: globex
    group: bot-definition
    mode: shadow
    startsAt: 2100-01-01T12:00:00+02:00
    reason: A test in the next century
`;
const EMPTY_SECTION = /\n\w+: \[\]\n/g;
/** A file as a person begins it: an export of a database without a policy, and items by hand. */
const begun = async (items = SOME): Promise<string> => (await desk.export()).replaceAll(EMPTY_SECTION, '\n') + items;

describe('a round trip', () => {
  test('an export applied to an empty database gives the same bytes, and the second application changes nothing', async () => {
    await fill();
    const text = await desk.export();
    const filled = await desk.overrides();
    expect(await desk.export()).toBe(text);
    expect(await desk.plan(text)).toEqual({ code: 0, stderr: '', stdout: 'Nothing would change.\n' });
    await desk.inEmptyDatabase(async () => {
      expect(await desk.apply(text, '--allow-lowering')).toMatchObject({
        code: 0,
        stderr: '',
        stdout: expect.stringContaining('Applied: 12 to add.\n'),
      });
      expect(await desk.export()).toBe(text);
      expect(await desk.overrides()).toEqual(filled);
      const { rows } = await desk.pool.query(
        'SELECT (SELECT max(id) FROM rollgate.history) AS id, * FROM rollgate.verify_history()',
      );
      expect(rows[0]).toMatchObject({ rows_checked: rows[0].id, broken_id: null });
      expect(await desk.apply(text)).toEqual({ code: 0, stderr: '', stdout: 'Nothing changed.\n' });
      expect(await desk.plan(text, '--prune', 'overrides,plans,assignments,catalogue')).toMatchObject({ code: 0 });
      const after = await desk.pool.query('SELECT max(id) AS id FROM rollgate.history');
      expect(after.rows[0].id).toBe(rows[0].id);
    });
  });

  test('keeps which of two overrides of the same scope is newer, although the older one starts later', async () => {
    await desk.set('override set acme --api publish-bot --per-minute 100 --per-hour 1000 --starts 2d --expires 9d');
    await desk.set('override set acme --api publish-bot --per-minute 200 --per-hour 2000 --starts 1d --expires 9d');
    const limits = async () => {
      const sql = `SELECT per_minute FROM rollgate.limits_for('acme', 'publish-bot', '', now() + interval '5 days')`;
      return (await desk.pool.query(sql)).rows;
    };
    const text = await desk.export();
    expect(await limits()).toEqual([{ per_minute: 200 }]);
    await desk.inEmptyDatabase(async () => {
      await desk.apply(text, '--allow-lowering');
      expect(await limits()).toEqual([{ per_minute: 200 }]);
    });
  });

  test('an override of the past keeps its start, and the history says that it was not in force then', async () => {
    await desk.set('override set acme --api publish-bot --per-minute 300');
    const text = (await desk.export()).replace(/startsAt: .*/, 'startsAt: 2020-02-29T00:00:00.000001Z');
    await desk.inEmptyDatabase(async () => {
      await desk.apply(text);
      expect(await desk.export()).toContain('startsAt: 2020-02-29T00:00:00.000001Z');
      const { rows } = await desk.pool.query(
        `SELECT h.after -> 'backdated' AS backdated, l.per_minute
         FROM rollgate.history h CROSS JOIN rollgate.limit_as_of('acme', 'publish-bot', '', h.at - interval '1 microsecond') l
         WHERE h.kind = 'override'`,
      );
      expect(rows).toEqual([{ backdated: true, per_minute: 60 }]);
    });
  });
});

describe('a file by hand', () => {
  test('needs no starts and no reasons, and is the same after it was applied', async () => {
    const text = await begun();
    expect(await desk.plan(text)).toMatchObject({ code: 2, stderr: '' });
    expect((await desk.apply(text, '--ticket', 'OPS-1')).stdout).toMatch(
      /^Plans:\n {2}\+ pro: (.|\n)*Applied: 4 to add\.\n$/,
    );
    expect(await desk.apply(text)).toEqual({ code: 0, stderr: '', stdout: 'Nothing changed.\n' });
    expect(await desk.export()).toContain('startsAt: 2100-01-01T10:00:00Z\n    reason: A test in the next century\n');
  });

  test('can be edited and applied again and again, without an export between', async () => {
    const text = await begun();
    await desk.apply(text);
    const second = text.replace('perMinute: 300', 'perMinute: 400').replace('factor: 2', 'factor: 3');
    expect((await desk.plan(second)).stdout).toBe(
      'Plans:\n  ~ pro: limits [all APIs: factor 2] -> [all APIs: factor 3]\n' +
        'Overrides:\n  ~ acme publish-bot: perMinute 300 -> 400\n2 to change.\n',
    );
    expect(await desk.apply(second)).toMatchObject({ code: 0 });
    expect(await desk.apply(text, '--allow-lowering')).toMatchObject({ code: 0 });
    expect(await desk.apply(text)).toEqual({ code: 0, stderr: '', stdout: 'Nothing changed.\n' });
  });

  test('gives an account another plan by another name, shortens it, and lets the next one follow', async () => {
    const plans =
      '\nplans: [{ id: pro, limits: [{ factor: 2 }] }, { id: max, limits: [{ factor: 3 }] }]\nassignments:\n';
    const text = await begun(`${plans}  - { account: acme, plan: pro, startsAt: 2026-01-01T00:00:00Z }\n`);
    await desk.apply(text);
    const max = text.replace('plan: pro', 'plan: max');
    expect((await desk.apply(max)).stdout).toContain('~ acme: plan pro -> max\n');
    expect(await desk.apply(max)).toMatchObject({ stdout: 'Nothing changed.\n' });
    const later = '2100-01-01T00:00:00Z';
    const both = max.replace('01-01T00:00:00Z', `01-01T00:00:00Z, endsAt: ${later}`);
    const next = `${both}  - { account: acme, plan: pro, startsAt: ${later} }\n`;
    expect(await desk.apply(next, '--allow-lowering')).toMatchObject({ code: 0, stderr: '' });
    expect(await desk.apply(next)).toMatchObject({ stdout: 'Nothing changed.\n' });
    const { rows } = await desk.pool.query(
      `SELECT plan, ends_at IS NULL AS endless FROM rollgate.plan_assignment ORDER BY starts_at`,
    );
    expect(rows).toEqual(['pro', 'max', 'pro'].map((plan, i) => ({ plan, endless: i === 2 })));
  });

  test('leaves out items that have ended, and says so', async () => {
    const ended = '    startsAt: 2020-01-01T00:00:00Z\n    expiresAt: 2020-02-01T00:00:00Z\n';
    const text = await begun(`\noverrides:\n  - account: acme\n    perMinute: 5\n${ended}`);
    expect(await desk.plan(text)).toMatchObject({
      code: 0,
      stdout: '1 items of the file have ended and were left out; remove them from the file.\nNothing would change.\n',
    });
  });
});

describe('apply', () => {
  test('is one transaction, and the history has the file and the reason', async () => {
    const text = await begun();
    await desk.apply(text, '--reason', 'price list of 2027', '--ticket', 'OPS-7');
    const { rows } = await desk.pool.query(
      `SELECT kind, actor, reason, ticket, after, request_id = 'file:' || first_value(target) OVER (ORDER BY id DESC) AS of_file
       FROM rollgate.history WHERE kind <> 'catalogue' ORDER BY id`,
    );
    expect(rows.map(({ kind, reason, of_file }) => [kind, reason, of_file])).toEqual([
      ['plan', 'price list of 2027', true],
      ['assignment', 'price list of 2027', true],
      ['override', 'price list of 2027', true],
      ['override', 'A test in the next century', true],
      ['policy', 'price list of 2027', true],
    ]);
    expect(rows.at(-1)).toMatchObject({
      actor: expect.stringMatching(/^cli:/),
      ticket: 'OPS-7',
      after: { changes: { plans: { add: 1 }, assignments: { add: 1 }, overrides: { add: 2 } } },
    });
  });

  test('changes nothing when the last item is refused, and names its line', async () => {
    const text = await begun(
      `${SOME}  - account: initech\n    api: publish-bot\n    dimensions: { colour: red }\n    perMinute: 5\n`,
    );
    const before = await desk.export();
    const line = text.split('\n').findIndex((one) => one.includes('initech')) + 1;
    expect(await desk.apply(text)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^rollgate: \\S+policy.yaml:${line}: dimensions: publish-bot counts by bot\n$`),
      ),
    });
    expect(await desk.export()).toBe(before);
  });

  test('lowers limits only with --allow-lowering, and names them', async () => {
    const text = await begun('\ncatalogue:\n  - { api: publish-bot, perMinute: 5 }\n');
    expect((await desk.plan(text)).stdout).toContain('      publish-bot falls from 60 to 5 in any 60 s\n');
    const refused = await desk.apply(text);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('publish-bot falls from 60 to 5 in any 60 s'),
    });
    expect(await desk.export()).toContain('catalogue: []');
    expect(await desk.apply(text, '--allow-lowering')).toMatchObject({ code: 0 });
  });

  test('asks at a terminal, and without one it needs --yes', async () => {
    const path = desk.file(await begun());
    const apply = ['policy', 'apply', path, ...REASON];
    expect(await desk.run(apply)).toMatchObject({ code: 1, stderr: expect.stringContaining('add --yes') });
    const answered = (answer: string) => desk.run(apply, async () => answer);
    expect(await answered('')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/4 to add\.\nNothing was applied\.\n$/),
    });
    expect(await answered('y')).toMatchObject({ code: 0, stdout: expect.stringMatching(/Applied: 4 to add\.\n$/) });
  });

  test('prints JSON', async () => {
    const { stdout } = await desk.apply(await begun(), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      changes: expect.arrayContaining([
        expect.objectContaining({ section: 'plans', action: 'add', name: 'pro', before: null, lowered: [] }),
      ]),
      onlyInDatabase: { catalogue: 0, plans: 0, assignments: 0, overrides: 0 },
      ended: 0,
    });
  });
});

test('the file in docs/operations.md can be applied to a database without a policy', async () => {
  const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n(version: 1\n(?:.|\n)*?)```/.exec(page) ?? [];
  expect(/^exported: (\w+)/m.exec(text)?.[1]).toBe(/^exported: (\w+)/m.exec(await desk.export())?.[1]);
  expect(await desk.apply(text, '--allow-lowering')).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining('Applied: 4 to add.\n'),
  });
});
