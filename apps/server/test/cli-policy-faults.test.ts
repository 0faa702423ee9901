/** Everything that is wrong in a policy file is named at once, with its line, and nothing is written. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { usePolicyFileDesk } from './policy-file-desk.js';

const desk = usePolicyFileDesk();
/** Seven lines: the first items of a test are on line 8. */
let head: string;
beforeEach(async () => {
  head = (await desk.export()).split('\n').slice(0, 7).join('\n');
});

const faultsOf = async (items: string): Promise<string[]> => {
  const { code, stdout, stderr } = await desk.plan(`${head}\n${items}`);
  expect([code, stdout]).toEqual([1, '']);
  return stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^rollgate: \S+policy\.yaml:?/, ''));
};

describe('faults of the form', () => {
  test('are all named', async () => {
    const items = `
catalogue:
  - api: publish-bot
    perMinutes: 5
  - { api: publish-bot, perMinute: -1 }
overrides:
  - account: 17
    perMinute: 5
  - account: acme
    startsAt: tomorrow
    perMinute: 1
    factor: 2
colour: red`;
    expect(await faultsOf(items)).toEqual([
      expect.stringMatching(/^10: set perMinute, perHour or shadow: true/),
      expect.stringMatching(/^11: unknown name "perMinutes"$/),
      expect.stringMatching(/^12: perMinute: /),
      expect.stringMatching(/^14: account: .*expected string/),
      expect.stringMatching(/^16: name .*, not/),
      expect.stringMatching(/^17: startsAt: must be a time like/),
      expect.stringMatching(/^20: unknown name "colour"$/),
    ]);
  });

  test.each<[string, string, string]>([
    ['no YAML', 'plans: [', '8: '],
    ['a name twice', 'plans: []\nplans: []', '9: Map keys must be unique'],
    ['an edit without a value', 'catalogue:\n  - api: publish-bot', '9: set perMinute, perHour or shadow'],
    ['an override of nothing', 'overrides:\n  - account: acme', '9: perMinute, perHour'],
    [
      'an API and a group',
      'overrides:\n  - { account: a, api: b, group: c, mode: shadow }',
      '9: name a group or an API',
    ],
    [
      'dimensions of no API',
      'overrides:\n  - { account: a, dimensions: { bot: b }, mode: shadow }',
      '9: dimensions: need an api',
    ],
    ['extra units without an end', 'overrides:\n  - { account: a, extraHour: 1 }', '9: extra units need expiresAt'],
    ['limits and a factor', 'overrides:\n  - { account: a, perHour: 1, factor: 2 }', '9: name '],
  ])('%s', async (_, items, told) => {
    expect((await faultsOf(items))[0]).toContain(told);
  });

  test('a file without an export, of another version, or that does not exist', async () => {
    expect(await desk.plan('version: 2')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /policy\.yaml: exported: must be as "rollgate policy export" wrote it\nrollgate: .*:1: version: must be 1/,
      ),
    });
    expect(await desk.run(['policy', 'plan', '/nowhere.yaml'])).toMatchObject({
      code: 1,
      stderr: 'rollgate: /nowhere.yaml cannot be read: ENOENT\n',
    });
  });
});

describe('faults of the items', () => {
  test('that need no database are all named', async () => {
    const items = `
catalogue:
  - { api: publish-bot, perMinute: 5 }
  - { api: publish-bot, perHour: 5 }
plans:
  - { id: pro }
  - { id: pro }
assignments:
  - { account: acme, plan: pro, endsAt: 2100-01-01T00:00:00Z }
  - { account: acme, plan: pro, startsAt: 2099-12-31T23:59:59Z }
overrides:
  - { account: acme, mode: shadow }
  - { account: acme, mode: enforced }
  - { account: _rollgate, mode: shadow }
  - { account: globex, mode: shadow, startsAt: 2100-01-01T00:00:00Z, expiresAt: 2100-01-01T00:00:00Z }`;
    expect(await faultsOf(items)).toEqual([
      '11: the file has the API publish-bot twice',
      '14: the file has the plan pro twice',
      expect.stringMatching(/^17: acme already has the plan pro then: .* let that one end at 2099-12-31T23:59:59Z$/),
      '20: the file has an override without startsAt for acme all APIs twice',
      '21: account: "_rollgate" belongs to Rollgate itself',
      '22: expiresAt: must be after startsAt',
    ]);
  });

  test('that need the catalogue or the plans are all named', async () => {
    const items = `
catalogue:
  - { api: publish-boot, perMinute: 5 }
plans:
  - id: pro
    limits: [{ group: nothing, factor: 2 }]
assignments:
  - { account: acme, plan: gold }
overrides:
  - { account: acme, api: publish-boot, mode: shadow }
  - { account: acme, group: nothing, mode: shadow }`;
    expect(await faultsOf(items)).toEqual([
      '10: there is no API "publish-boot" in the catalogue',
      '13: there is no API group "nothing" in the catalogue',
      '15: there is no plan "gold"',
      '17: there is no API "publish-boot" in the catalogue',
      '18: there is no API group "nothing" in the catalogue',
    ]);
  });

  test('a new override can not come before an older one of the same scope, because the newest applies', async () => {
    await desk.set('override set acme --per-minute 300 --expires never');
    const text = await desk.export();
    const added = '  - { account: acme, perMinute: 400, startsAt: 2100-01-01T00:00:00Z }\n';
    const before = text.replace('overrides:\n', `overrides:\n${added}`);
    const line = before.split('\n').findIndex((one) => one.includes('- account: acme')) + 1;
    expect(await desk.plan(before)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`policy.yaml:${line}: the newest override for acme all APIs applies`),
    });
    expect(await desk.plan(`${text}${added}`)).toMatchObject({ code: 2, stderr: '' });
  });
});
