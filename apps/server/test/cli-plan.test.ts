/** Plans on the command line. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { openSampleLimiter } from './admin-traffic.js';
import { rollgateHere } from './run-rollgate.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await (await openSampleLimiter(database)).close();
});
afterAll(() => database?.drop());

const plan = (...args: string[]) => rollgateHere(['plan', ...args], database.url);

test('a plan is set, shown, assigned, previewed, changed and ended', async () => {
  const limits = ['--limit', 'all:2x', '--limit', 'api=publish-bot:300/min,9000/h'];
  expect((await plan('set', 'pro', '--title', 'Pro', ...limits, '--reason', 'prices')).stdout).toBe(
    'pro               Pro  0 accounts  2 limits\n  all APIs: 2 times the default\n  publish-bot: 300 a minute, 9000 an hour\n',
  );
  expect((await plan('list')).stdout).toMatch(/^pro +Pro {2}0 accounts {2}2 limits\n$/);
  const assigned = await plan('assign', 'acme', 'pro', '--reason', 'contract', '--ends', 'never');
  expect(assigned.stdout).toMatch(/^asg_1 +acme {2}pro {2}inForce {2}from \S+ {2}without end {2}contract\n$/);
  expect((await plan('accounts', 'pro')).stdout).toMatch(/^asg_1 +acme/);
  const preview = await plan('preview', 'pro', '--limit', 'all:2x', '--limit', 'api=publish-bot:200/min,9000/h');
  expect(preview.stdout).toContain('1 accounts are assigned to the plan.');
  expect(preview.stdout).toContain('publish-bot: 300 a minute, 9000 an hour -> 200 a minute, 9000 an hour');
  const lower = ['set', 'pro', '--limit', 'api=publish-bot:200/min,9000/h', '--reason', 'x'];
  expect(await plan(...lower)).toMatchObject({ code: 1, stderr: expect.stringContaining('add --allow-lowering') });
  expect((await plan(...lower, '--allow-lowering')).code).toBe(0);
  expect((await plan('show', 'pro')).stdout).toContain('publish-bot: 200 a minute, 9000 an hour');
  expect((await plan('end', 'acme', '--reason', 'left', '--allow-lowering')).stdout).toContain('expired');
  expect((await plan('end', 'acme', '--reason', 'left')).stderr).toContain('has no plan now');
});

test('a scheduled assignment is listed as upcoming and canceled, and an unknown plan is an error', async () => {
  await plan('set', 'gold', '--limit', 'all:3x', '--reason', 'prices');
  const scheduled = await plan(
    'assign',
    'later-co',
    'gold',
    '--starts',
    '48h',
    '--ends',
    '30d',
    '--reason',
    'contract',
  );
  const [id = ''] = scheduled.stdout.split(' ');
  expect((await plan('accounts', 'gold')).stdout).toBe('None.\n');
  expect((await plan('accounts', 'gold', '--state', 'upcoming')).stdout).toMatch(
    new RegExp(`^${id} +later-co .*upcoming`),
  );
  const cancel = (assignment: string) =>
    plan('end', 'later-co', '--assignment', assignment, '--reason', 'no', '--allow-lowering');
  expect((await cancel('asg_999')).stderr).toContain('has no assignment "asg_999"');
  expect((await cancel(id)).stdout).toContain('expired');
  expect((await plan('accounts', 'gold', '--state', 'upcoming')).stdout).toBe('None.\n');
  expect(await plan('accounts', 'glod')).toMatchObject({ code: 1, stderr: expect.stringContaining('no plan "glod"') });
});

test.each(['all', 'all:', 'all:2', 'group:2x', 'api=a:x/min', 'all:2x,3/min'])(
  'the limit %s is refused',
  async (limit) => {
    const refused = await plan('set', 'other', '--limit', limit, '--reason', 'x');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Say it like all:2x') });
  },
);
