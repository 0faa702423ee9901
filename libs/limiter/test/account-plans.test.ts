/** Plans as staff change and assign them, and as a limiter applies them. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import type { Report } from '../src/reports.js';
import { ADMIN, change, endAssignment, inHours, type PlanRow as Row, SUPPORT, type Who } from './policy-author.js';
import { openSampleLimiter } from './sample-limiter.js';

const API = 'publish-bot'; // 60 and 1,800 by default
const OPTIONS = { catalogue: sampleCatalogue, janitor: false, budgetMs: 20_000 } as const;
let database: TestDatabase;
let limiter: Limiter;
const reports: Report[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  limiter = createPostgresLimiter({ ...OPTIONS, databaseUrl: database.url, onReport: (one) => reports.push(one) });
  await limiter.start();
});
afterAll(async () => {
  await limiter.close();
  await database.drop();
});

let account = '';
let plan = '';
let cases = 0;
beforeEach(async () => {
  account = `acme-${++cases}`;
  plan = `pro-${cases}`;
});

const create = (limits: readonly object[], more: object = {}, by: Who = ADMIN) =>
  change<Row>(database, 'create_plan', {
    by,
    values: [{ id: plan, title: 'Pro', limits, reason: 'price list', ...more }],
  });
const changeTo = (changes: object, { version = null, by = ADMIN }: { version?: number | null; by?: Who } = {}) =>
  change<Row>(database, 'change_plan', { by, values: [plan, version, changes, 'new prices'] });
const assign = (more: object = {}, by: Who = ADMIN) =>
  change<Row>(database, 'assign_plan', { by, values: [{ account, plan, reason: 'contract', ...more }] });
const end = (id: string, allow = false) => endAssignment(database, { id, allow });
const limitsOf = async (more: { plan?: string } = {}) => {
  await limiter.refreshPolicy();
  const { limits, source } = await limiter.limitsOf({ account, api: API, dimensions: { bot: 'b' }, ...more });
  return [limits.perMinute, limits.perHour, source];
};
const history = async (target: string) => {
  const { rows } = await database.pool.query(
    'SELECT kind, action, actor, account, before, after FROM rollgate.history WHERE target = $1 ORDER BY id',
    [target],
  );
  return rows;
};

describe('a plan', () => {
  test('its most specific limit applies to the accounts that have it, and an override is an exception to it', async () => {
    const { group } = limiter.catalogue.get(API);
    await create([{ factor: 2 }, { group_id: group, per_minute: 500 }, { api: 'upload-file', per_minute: 7 }]);
    expect(await limitsOf()).toEqual([60, 1_800, 'default']);
    await assign({ allow_lowering: true });
    expect(await limitsOf()).toEqual([500, 1_800, `plan:${plan}`]);
    const override = await change<Row>(database, 'create_override', {
      by: ADMIN,
      values: [{ account, factor: 3, reason: 'launch' }],
    });
    expect(await limitsOf()).toEqual([1_500, 5_400, override.id]);
  });

  test('a change applies to all accounts that have the plan, and lists which limits it lowers for how many', async () => {
    await create([{ api: API, per_minute: 100, per_hour: 5_000 }]);
    await assign();
    await assign({ account: `${account}-2` });
    await expect(changeTo({ limits: [{ api: API, per_minute: 90, per_hour: 5_000 }] })).rejects.toMatchObject({
      code: 'RG409',
      message: `This lowers a limit that is in force: ${API} falls from 100 to 90 in any 60 s, for the accounts on the plan (2 assigned).`,
    });
    const changed = await changeTo({ limits: [{ api: API, per_minute: 90, per_hour: 6_000 }], allow_lowering: true });
    expect(changed.lowered).toMatchObject([{ api: API, window: 'minute', from: 100, to: 90, accounts: 2 }]);
    expect(await limitsOf()).toEqual([90, 6_000, `plan:${plan}`]);
    expect(await history(plan)).toMatchObject([
      { kind: 'plan', action: 'create', actor: 'staff:eve', before: null },
      {
        kind: 'plan',
        action: 'change',
        before: { limits: [{ api: API, perMinute: 100 }], version: 1 },
        after: { limits: [{ api: API, perMinute: 90 }], version: 2, lowered: [{ accounts: 2 }] },
      },
    ]);
  });

  test('retired, it stays in force for accounts that have it, and is not assigned any more', async () => {
    await create([{ factor: 2 }]);
    await assign();
    expect((await changeTo({ retired: true })).retired_at).toBeInstanceOf(Date);
    expect(await limitsOf()).toEqual([120, 3_600, `plan:${plan}`]);
    await expect(assign({ account: `${account}-2` })).rejects.toMatchObject({ code: 'RG409' });
    await changeTo({ retired: false });
    await assign({ account: `${account}-2` });
    expect((await history(plan)).map(({ action }) => action)).toEqual(['create', 'retire', 'restore']);
  });

  test('only an admin changes plans', async () => {
    await expect(create([{ factor: 2 }], {}, SUPPORT)).rejects.toMatchObject({
      code: 'RG403',
      message: 'The role support may not change plans.',
    });
    await create([{ factor: 2 }]);
    await expect(changeTo({ title: 'Other' }, { by: SUPPORT })).rejects.toMatchObject({ code: 'RG403' });
  });

  test.each([
    ['RG404', [{ api: 'no-such-api', per_minute: 1 }]],
    ['RG404', [{ group_id: 'no-such-group', per_minute: 1 }]],
    ['RG422', [{ api: API }]],
    ['RG422', [{ api: API, per_minute: 1, factor: 2 }]],
    ['RG422', [{ api: API, group_id: 'bots', factor: 2 }]],
    ['RG422', [{ factor: 0 }]],
    ['RG422', [{ factor: 2 }, { factor: 3 }]],
    ['RG422', [{ api: API, per_minuet: 1 }]],
    [
      'RG422',
      [
        { api: API, per_minute: 1 },
        { api: API, per_hour: 1 },
      ],
    ],
  ])('is refused with %s: %j', async (code, limits) => {
    await expect(create(limits)).rejects.toMatchObject({ code });
  });

  test('two persons who change it at a time do not overwrite each other', async () => {
    await create([{ factor: 2 }]);
    await changeTo({ title: 'Professional' }, { version: 1 });
    await expect(changeTo({ title: 'Premium' }, { version: 1 })).rejects.toMatchObject({ code: 'RG412' });
    await expect(create([])).rejects.toMatchObject({ code: 'RG409' });
  });
});

describe('an assignment', () => {
  test('ends the one before at its start, and both are in the history', async () => {
    await create([{ factor: 2 }]);
    const first = await assign();
    const second = await assign({ starts_at: inHours(1), ends_at: inHours(2), allow_lowering: true });
    const rows = await history(first.id);
    expect(rows).toMatchObject([
      { kind: 'assignment', action: 'assign', account, after: { endsAt: null } },
      { kind: 'assignment', action: 'end', account, before: { endsAt: null } },
    ]);
    expect(Date.parse(rows[1].after.endsAt)).toBe(second.starts_at.getTime());
    expect(await limitsOf()).toEqual([120, 3_600, `plan:${plan}`]);
  });

  test('a trial of a higher plan needs confirmation, because the account has no plan after it', async () => {
    await create([{ factor: 2 }]);
    await assign();
    const until = inHours(48);
    await expect(assign({ ends_at: until })).rejects.toMatchObject({ code: 'RG409' });
    const { lowered } = await assign({ ends_at: until, allow_lowering: true });
    expect(lowered?.find(({ api }) => api === API)?.at?.slice(0, 19)).toBe(until.slice(0, 19));
  });

  test('an end lists what falls, and applies from then on', async () => {
    await create([{ factor: 2 }]);
    const { id } = await assign();
    await expect(end(id)).rejects.toMatchObject({ code: 'RG409' });
    expect((await end(id, true)).lowered).toEqual(
      expect.arrayContaining([expect.objectContaining({ api: API, window: 'minute', from: 120, to: 60 })]),
    );
    expect(await limitsOf()).toEqual([60, 1_800, 'default']);
    await expect(end(id, true)).rejects.toMatchObject({ code: 'RG409' });
  });

  test('one that has not started yet can be ended, and then never starts', async () => {
    await create([{ factor: 2 }]);
    const { id } = await assign({ starts_at: inHours(1) });
    await end(id, true);
    const { rows } = await database.pool.query('SELECT rollgate.plan_in_force($1, $2) AS plan', [account, inHours(3)]);
    expect(rows).toEqual([{ plan: null }]);
  });

  test('overlaps no later one', async () => {
    await create([{ factor: 2 }]);
    const later = inHours(2);
    await assign({ starts_at: later });
    await expect(assign()).rejects.toMatchObject({ code: 'RG409' });
    await assign({ ends_at: later });
  });

  test('counts against the approval limit of the person: each limit of the plan, and how long it lasts', async () => {
    await create([{ factor: 10 }]);
    await expect(assign({}, SUPPORT)).rejects.toMatchObject({ code: 'RG403' });
    await assign({ ends_at: inHours(24) }, SUPPORT);
    await changeTo({ limits: [{ factor: 10 }, { api: API, per_minute: 601 }], allow_lowering: true });
    await expect(assign({ account: `${account}-2`, ends_at: inHours(24) }, SUPPORT)).rejects.toMatchObject({
      code: 'RG403',
    });
  });

  test('the limits at a past moment come from the history', async () => {
    await create([{ factor: 2 }]);
    const asOf = async (at: Date) => {
      const { rows } = await database.pool.query(
        'SELECT per_minute, source FROM rollgate.limit_as_of($1, $2, $3, $4)',
        [account, API, '', at],
      );
      return rows[0];
    };
    const now = async () => (await database.pool.query('SELECT clock_timestamp() AS now')).rows[0].now as Date;
    const before = await now();
    await assign();
    const under = await now();
    await changeTo({ limits: [{ factor: 3 }] });
    expect(await asOf(before)).toEqual({ per_minute: 60, source: 'default' });
    expect(await asOf(under)).toEqual({ per_minute: 120, source: `plan:${plan}` });
    expect(await asOf(await now())).toEqual({ per_minute: 180, source: `plan:${plan}` });
  });
});

describe('the plan that a call brings', () => {
  test('applies while none is assigned to the account', async () => {
    await create([{ api: API, per_minute: 3, per_hour: 30 }]);
    expect(await limitsOf({ plan })).toEqual([3, 30, `plan:${plan}`]);
    expect(await limitsOf()).toEqual([60, 1_800, 'default']);
    const other = plan;
    plan = `${plan}-x`;
    await create([{ api: API, per_minute: 4, per_hour: 40 }]);
    await assign({ allow_lowering: true });
    expect(await limitsOf({ plan: other })).toEqual([4, 40, `plan:${plan}`]);
  });

  test('decides calls, and a denial names it', async () => {
    await create([{ api: API, per_minute: 1, per_hour: 30 }]);
    await limiter.refreshPolicy();
    const call = { account, api: API, dimensions: { bot: 'b' }, plan };
    expect((await limiter.acquire(call)).allowed).toBe(true);
    const denied = await limiter.acquire(call);
    expect(denied).toMatchObject({ allowed: false, source: `plan:${plan}`, windows: { minute: { limit: 1 } } });
    expect((await limiter.usage(account, { plan })).items).toMatchObject([{ source: `plan:${plan}` }]);
    expect((await limiter.acquire({ ...call, plan: undefined })).allowed).toBe(true);
  });

  test('unknown, it is reported once and counts as no plan', async () => {
    expect(await limitsOf({ plan: 'no-such-plan' })).toEqual([60, 1_800, 'default']);
    expect(await limitsOf({ plan: 'no-such-plan' })).toEqual([60, 1_800, 'default']);
    expect(reports.filter(({ topic }) => topic === 'plans')).toEqual([
      {
        topic: 'plans',
        level: 'warn',
        message: 'a call brought the plan "no-such-plan", which does not exist, so the default limits apply to it',
      },
    ]);
  });
});

test('a denial is explained with the plan, who assigned it and why', async () => {
  await create([{ api: API, per_minute: 1, per_hour: 30 }]);
  await assign({ allow_lowering: true });
  const own = openSampleLimiter(database.url);
  await own.refreshPolicy();
  const call = { account, api: API, dimensions: { bot: 'b' } };
  await own.acquire(call);
  const { id } = await own.acquire(call);
  await own.close();
  const { rows } = await database.pool.query('SELECT source, sentence FROM rollgate.explain_denial($1)', [id]);
  expect(rows[0].source).toBe(`plan:${plan}`);
  expect(rows[0].sentence).toContain(
    `; the limit is that of the plan Pro (${plan}), version 1, assigned by staff:eve with the reason "contract", without end;`,
  );
});

test('the audit views show plans, assignments and their history', async () => {
  await create([{ factor: 2 }, { api: API, per_minute: 100 }]);
  const { id } = await assign();
  const read = async (sql: string) => (await database.pool.query(sql, [plan])).rows;
  expect(
    await read('SELECT scope, api, per_minute, accounts FROM rollgate_audit.plans_v1 WHERE plan = $1 ORDER BY scope'),
  ).toEqual([
    { scope: 'all', api: null, per_minute: null, accounts: '1' },
    { scope: 'api', api: API, per_minute: 100, accounts: '1' },
  ]);
  expect(await read('SELECT id, account, in_force FROM rollgate_audit.plan_assignments_v1 WHERE plan = $1')).toEqual([
    { id, account, in_force: true },
  ]);
  expect(
    await read(
      'SELECT kind, action, account, assignment_id FROM rollgate_audit.plan_history_v1 WHERE plan = $1 ORDER BY id',
    ),
  ).toEqual([
    { kind: 'plan', action: 'create', account: null, assignment_id: null },
    { kind: 'assignment', action: 'assign', account, assignment_id: id },
  ]);
});
