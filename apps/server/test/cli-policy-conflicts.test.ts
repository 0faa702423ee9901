/** A policy file never undoes what staff did since its export, and what is wrong in it is named with its line. */
import { describe, expect, test } from '@jest/globals';
import { withMutant } from '../../../libs/limiter/test/mutant.js';
import { REASON, usePolicyFileDesk } from './policy-file-desk.js';

const desk = usePolicyFileDesk();

/** Fills the database with one item of each kind, and exports it. */
async function filled(): Promise<string> {
  await desk.editDefaults('publish-bot', { per_minute: 20 });
  await desk.set('plan set pro --limit all:2x');
  await desk.set('plan assign acme pro');
  await desk.set('override set acme --api publish-bot --per-minute 300 --expires never');
  return await desk.export();
}

const idOf = async (table: string): Promise<string> =>
  (await desk.pool.query(`SELECT id FROM rollgate.${table} ORDER BY created_at DESC LIMIT 1`)).rows[0].id;
const lineOf = (text: string, part: string): number => text.split('\n').findIndex((line) => line.includes(part)) + 1;

describe('a change of staff since the export', () => {
  test.each<[string, () => Promise<void>, [string, string], string]>([
    [
      'of an override',
      async () => await desk.changeOverride({ per_minute: 310 }),
      ['perMinute: 300', 'perMinute: 400'],
      'overrides: acme publish-bot was changed in the database since the export, by staff:eve at',
    ],
    [
      'of the reason of an override',
      async () => await desk.changeOverride({}),
      ['perMinute: 300', 'perMinute: 400'],
      'overrides: acme publish-bot was changed in the database since the export, by staff:eve at',
    ],
    [
      'of a default limit',
      () => desk.editDefaults('publish-bot', { per_minute: 25 }),
      ['perMinute: 20', 'perMinute: 21'],
      'catalogue: publish-bot was changed in the database since the export, by staff:eve at',
    ],
    [
      'of a default limit that the file does not change',
      () => desk.editDefaults('publish-bot', { per_minute: 25 }),
      ['perMinute: 300', 'perMinute: 400'],
      'catalogue: publish-bot was changed in the database since the export, by staff:eve at',
    ],
    [
      'of a plan',
      async () => await desk.set('plan set pro --limit all:4x'),
      ['factor: 2', 'factor: 3'],
      'plans: pro was changed in the database since the export, by cli:',
    ],
    [
      'of an assignment',
      async () => await desk.set('plan end acme --ends 3d'),
      ['plan: pro', 'plan: pro\n    endsAt: 2100-01-01T00:00:00Z'],
      'plan assignments: acme was changed in the database since the export, by cli:',
    ],
    [
      'that expired an override',
      async () => void (await desk.run(['override', 'expire', await idOf('override'), ...REASON])),
      ['perMinute: 300', 'perMinute: 400'],
      'overrides: acme publish-bot was ended or removed in the database since the export',
    ],
  ])('%s is not overwritten', async (_, staff, [from, to], told) => {
    const text = await filled();
    await staff();
    const before = await desk.export();
    const result = await desk.apply(text.replace(from, to), '--allow-lowering');
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(told) });
    expect(result.stderr).toContain('export again and repeat your changes');
    expect(await desk.export()).toBe(before);
  });

  test('is named with the line of its item, all of them, also by plan', async () => {
    const text = await filled();
    await desk.editDefaults('publish-bot', { per_minute: 25 });
    await desk.set('plan set pro --limit all:4x');
    const { code, stderr } = await desk.plan(text);
    expect(code).toBe(1);
    expect(stderr.split('\n').map((line) => /policy\.yaml:(\d+)/.exec(line)?.[1])).toEqual([
      `${lineOf(text, 'api: publish-bot')}`,
      `${lineOf(text, 'id: pro')}`,
      undefined,
      undefined,
    ]);
  });

  test('made between the plan and the answer stops the application', async () => {
    const text = (await filled()).replace('factor: 2', 'factor: 3');
    const args = ['policy', 'apply', desk.file(text), ...REASON];
    const result = await desk.run(args, async () => {
      await desk.set('override set globex --api publish-bot --per-minute 70 --expires never');
      // The file does not have that override, so only a change of what the plan shows counts.
      await desk.editDefaults('publish-bot', { per_minute: 25 });
      return 'y';
    });
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the database has changed since the plan above'),
    });
    expect(await desk.export()).toContain('factor: 2');
  });

  test('is in the next export, with which the file can be applied again', async () => {
    await filled();
    await desk.editDefaults('publish-bot', { per_minute: 25 });
    const text = (await desk.export()).replace('factor: 2', 'factor: 3');
    expect(await desk.apply(text)).toMatchObject({ code: 0, stdout: expect.stringContaining('Applied: 1 to change') });
  });
});

describe('a file of another database', () => {
  test('adds what is missing, and changes nothing that is different', async () => {
    const text = await filled();
    await desk.inEmptyDatabase(async () => {
      await desk.set('plan set pro --limit all:4x');
      const { code, stderr } = await desk.apply(text, '--allow-lowering');
      expect([code, stderr]).toEqual([1, expect.stringContaining('plans: pro is different in the database, by cli:')]);
      expect(stderr).toContain('This database does not know the export that the file began as');
      expect(await desk.export()).toContain('overrides: []');
      await desk.set('plan set pro --limit all:2x');
      expect(await desk.apply(text, '--allow-lowering')).toMatchObject({ code: 0 });
      // Now it is known, and may be edited.
      const second = text.replace('factor: 2', 'factor: 3');
      expect(await desk.apply(second)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Applied: 1 to change'),
      });
    });
  });
});

describe('what the file does not have', () => {
  const bare = (text: string): string => `${text.slice(0, text.indexOf('\ncatalogue:'))}\n`;

  test('stays, unless its section is pruned', async () => {
    const text = bare(await filled());
    expect((await desk.plan(text)).stdout).toBe(
      'Catalogue: 1 only in the database, which stay (--prune catalogue removes them).\n' +
        'Plans: 1 only in the database, which stay (--prune plans retires them).\n' +
        'Plan assignments: 1 only in the database, which stay (--prune assignments removes them).\n' +
        'Overrides: 1 only in the database, which stay (--prune overrides removes them).\n' +
        'Nothing would change.\n',
    );
    const only = await desk.plan(text, '--prune', 'overrides');
    expect(only).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/Overrides:\n {2}- acme publish-bot: expires now (.|\n)*1 to remove\.\n$/),
    });
    expect(
      await desk.apply(text, '--prune', 'overrides,plans,assignments,catalogue', '--allow-lowering'),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Applied: 4 to remove.\n'),
    });
    // A plan is retired, never deleted.
    expect((await desk.export()).replace(/exported: .*/, '')).toContain(
      'catalogue: []\n\nplans:\n  - id: pro\n    title: pro\n    retired: true',
    );
    expect(await desk.apply(text, '--prune', 'overrides,plans,assignments,catalogue')).toMatchObject({
      stdout: 'Nothing changed.\n',
    });
  });

  test('is never pruned if staff added it since the export', async () => {
    const text = bare(await filled());
    await desk.set('override set globex --api publish-bot --per-minute 70 --expires never');
    const { code, stderr } = await desk.apply(text, '--prune', 'overrides');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('overrides: globex publish-bot was added to the database since the export, by cli:'),
    ]);
    // Nor after the file was applied without pruning.
    await desk.apply(`${text}\nplans: [{ id: max, limits: [] }]\n`);
    expect(await desk.apply(text, '--prune', 'overrides')).toMatchObject({ code: 1 });
  });

  test('is not pruned for a wrong section', async () => {
    const text = await filled();
    expect(await desk.plan(text, '--prune', 'override')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Say catalogue, plans'),
    });
  });
});

test('a mutant that keeps what was in common at the export makes the second edit of a file a conflict', async () => {
  const text = await filled();
  const edits = async (): Promise<(number | null)[]> => {
    const codes: (number | null)[] = [];
    for (const factor of [3, 4]) {
      const { code } = await desk.apply(text.replace('factor: 2', `factor: ${factor}`));
      codes.push(code);
    }
    return codes;
  };
  const mutant = {
    routine: 'keep_policy_file',
    from: 'DO UPDATE SET content = excluded.content, kept_at = excluded.kept_at',
    to: 'DO NOTHING',
  };
  await withMutant(desk.pool, mutant, async () => expect(await edits()).toEqual([0, 1]));
  const after = await desk.export();
  expect((await desk.apply(after.replace('factor: 3', 'factor: 5'))).code).toBe(0);
  expect((await desk.apply(after.replace('factor: 3', 'factor: 6'))).code).toBe(0);
});
