/** Instances and the database choose the same override and the same limit of a plan as a naive reference. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Limits } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import type { PlanLimit } from '../src/policy/plans.js';
import { type ApiEdit, Policy, type PolicyChanges } from '../src/policy/policy.js';
import type { LimitSettings, Override } from '../src/policy/resolve.js';
import { withMutant } from './mutant.js';
import {
  ACCOUNT,
  type Asked,
  asked,
  CATALOGUE,
  edits,
  keyOf,
  overrides,
  type Plans,
  plans,
  recordPolicy,
  storePlans,
  storePolicy,
  T0,
} from './random-policy.js';

interface Policies extends Plans {
  readonly overrides: readonly Override[];
  readonly edits: readonly ApiEdit[];
}

const ONE_EXTRA =
  'SELECT * FROM fitting f WHERE rollgate.sets_extra(f.extra_minute, f.extra_hour) ORDER BY f.rank DESC';
const SUM_OF_EXTRA = `SELECT min(f.id) AS id, least(sum(f.extra_minute), 1000000000)::int AS extra_minute,
  least(sum(f.extra_hour), 1000000000)::int AS extra_hour FROM fitting f`;

const NOTHING = { overrides: [], apis: [], plans: [], assignments: [] };
const policies: fc.Arbitrary<Policies> = fc
  .record({ overrides, edits, plans })
  .map(({ plans: known, ...rest }) => ({ ...rest, ...known }));

/** A default times a factor, in integer arithmetic, rounded up. */
function times(limit: number, factor: number): number {
  const steps = BigInt(limit) * BigInt(factor.toFixed(3).replace('.', ''));
  const whole = Number((steps + 999n) / 1000n);
  return Math.min(whole, 1_000_000_000);
}

/** What applies without overrides: tries the rows of the plan from the widest to the narrowest, so the last match applies. */
function baseOf({ overrides: _, edits: edited, plans: known, assignments }: Policies, { api, at, plan }: Asked) {
  const entry = CATALOGUE.get(api);
  const edit = edited.find((one) => one.api === api);
  const defaults = {
    perMinute: edit?.perMinute ?? entry.limits.perMinute,
    perHour: edit?.perHour ?? entry.limits.perHour,
  };
  const now = T0 + at * 1000;
  const assigned = assignments.find((one) => one.startsAtMs <= now && (one.endsAtMs === null || now < one.endsAtMs));
  const rows = known.find(({ id }) => id === (assigned?.plan ?? plan))?.limits ?? [];
  let limits = defaults;
  let source = 'default';
  for (const covers of [
    (one: PlanLimit) => one.group === null && one.api === null,
    (one: PlanLimit) => one.group === entry.group,
    (one: PlanLimit) => one.api === api,
  ]) {
    for (const row of rows.filter(covers)) {
      limits = settled(defaults, row);
      source = `plan:${assigned?.plan ?? plan}`;
    }
  }
  return { limits, source, mode: edit?.shadow ? 'shadow' : 'enforced' };
}

function settled(base: Limits, { perMinute, perHour, factor }: LimitSettings): Limits {
  if (factor !== null) return { perMinute: times(base.perMinute, factor), perHour: times(base.perHour, factor) };
  return { perMinute: perMinute ?? base.perMinute, perHour: perHour ?? base.perHour };
}

/** Extra units never lift a block. */
function plus(limit: number, units: number | null | undefined): number {
  if (limit === 0) return 0;
  return Math.min(limit + (units ?? 0), 1_000_000_000);
}

/** Checks every override from the widest scope to the narrowest, oldest first: the last match applies. */
function reference(all: Policies, question: Asked) {
  const { api, bot, at } = question;
  const base = baseOf(all, question);
  let { limits, source, mode } = base;
  let extra: Override | undefined;
  const levels: ((one: Override) => boolean)[] = [
    (one) => one.group === null && one.api === null,
    (one) => one.group === CATALOGUE.get(api).group,
    (one) => one.api === api && one.subject === null,
    (one) => one.api === api && one.subject === keyOf(api, bot),
  ];
  for (const isOfLevel of levels) {
    for (const one of all.overrides) {
      const now = T0 + at * 1000;
      if (!isOfLevel(one) || now < one.startsAtMs || (one.expiresAtMs !== null && now >= one.expiresAtMs)) continue;
      if (one.mode !== null) mode = one.mode;
      if (one.extraMinute !== null || one.extraHour !== null) extra = one;
      if (one.factor === null && one.perMinute === null && one.perHour === null) continue;
      limits = settled(base.limits, one);
      source = one.id;
    }
  }
  const raised = {
    perMinute: plus(limits.perMinute, extra?.extraMinute),
    perHour: plus(limits.perHour, extra?.extraHour),
  };
  if (extra !== undefined && (raised.perMinute > limits.perMinute || raised.perHour > limits.perHour))
    source = extra.id;
  return { limits: raised, source, mode };
}

function policyOf({ overrides: all, edits: apis, plans: known, assignments }: Policies): Policy {
  const policy = new Policy();
  policy.apply({ version: 1, whole: true, overrides: all, apis, plans: known, assignments });
  return policy;
}

function instanceSays(policy: Policy, { api, bot, at, plan }: Asked) {
  const asked = { account: ACCOUNT, plan, subject: keyOf(api, bot), nowMs: T0 + at * 1000 };
  const { limits, source, mode } = policy.inForce(CATALOGUE.get(api), asked);
  return { limits, source, mode };
}

test('on instances the most specific override applies, then the most specific limit of the plan, then the default', () => {
  fc.assert(
    fc.property(policies, fc.array(asked, { minLength: 1, maxLength: 10 }), (all, questions) => {
      const policy = policyOf(all);
      for (const question of questions) expect(instanceSays(policy, question)).toEqual(reference(all, question));
    }),
    { numRuns: 2_000 },
  );
});

test('on instances, single changes give the same policy as all at once, and pruning changes nothing in force', () => {
  fc.assert(
    fc.property(policies, fc.array(asked, { minLength: 1, maxLength: 10 }), (all, questions) => {
      const policy = new Policy();
      let version = 0;
      const next = (changes: Partial<PolicyChanges>) =>
        policy.apply({ ...NOTHING, version: ++version, whole: version === 1, ...changes });
      for (const one of all.overrides) {
        next({
          overrides: [{ ...one, perMinute: 4, perHour: null, factor: null, extraMinute: null, extraHour: null }],
        });
        next({ overrides: [one] });
      }
      for (const one of all.assignments) {
        next({ assignments: [{ ...one, plan: 'p1', endsAtMs: null }] });
        next({ assignments: [one] });
      }
      for (const plan of all.plans) {
        next({ plans: [{ ...plan, limits: [{ group: null, api: null, perMinute: 4, perHour: null, factor: null }] }] });
        instanceSays(policy, { api: 'a1', bot: 1, at: 0, plan: plan.id });
        next({ plans: [plan] });
      }
      next({ apis: all.edits });
      const ordered = [...questions].sort((a, b) => a.at - b.at);
      for (const question of ordered) {
        policy.prune(T0 + question.at * 1000);
        expect(instanceSays(policy, question)).toEqual(reference(all, question));
      }
    }),
    { numRuns: 500 },
  );
});

describe('the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function store(all: Policies) {
    await storePolicy(database.pool, all.overrides, all.edits);
    await storePlans(database.pool, all);
  }

  async function databaseSays(all: Policies, questions: readonly Asked[]) {
    await store(all);
    const call = `rollgate.limits_for('${ACCOUNT}', q.api, q.subject, to_timestamp(q.at / 1000), NULL, q.plan)`;
    return await answersOf(call, questions);
  }

  async function answersOf(resolver: string, questions: readonly Asked[]) {
    const { rows } = await database.pool.query<{ per_minute: number; per_hour: number; source: string; mode: string }>(
      `SELECT l.per_minute, l.per_hour, l.source, l.mode
       FROM jsonb_to_recordset($1) AS q (api text, subject text, at float8, plan text, ord bigint)
       CROSS JOIN LATERAL ${resolver} l ORDER BY q.ord`,
      [
        JSON.stringify(
          questions.map(({ api, bot, at, plan }, ord) => ({
            api,
            subject: keyOf(api, bot),
            at: T0 + at * 1000,
            plan,
            ord,
          })),
        ),
      ],
    );
    return rows.map(({ per_minute, per_hour, source, mode }) => ({
      limits: { perMinute: per_minute, perHour: per_hour },
      source,
      mode,
    }));
  }

  let recorded = 0;
  async function historySays(all: Policies, questions: readonly Asked[]) {
    const account = `acme-${++recorded}`;
    await store(all);
    await recordPolicy(database.pool, account);
    return await answersOf(
      `rollgate.limit_as_of('${account}', q.api, q.subject, to_timestamp(q.at / 1000), q.plan)`,
      questions,
    );
  }

  const propertyOf = (says: typeof databaseSays) =>
    fc.asyncProperty(policies, fc.array(asked, { minLength: 1, maxLength: 20 }), async (all, questions) => {
      expect(await says(all, questions)).toEqual(questions.map((question) => reference(all, question)));
    });

  const property = propertyOf(databaseSays);

  test(
    'the database resolves overrides and plans like the reference',
    () => fc.assert(property, { numRuns: 150 }),
    60_000,
  );

  test('the history resolves overrides and plans like the reference', async () => {
    await fc.assert(propertyOf(historySays), { numRuns: 150 });
  }, 60_000);

  test.each([
    [
      'the widest wins',
      'override_rank',
      'THEN 3 WHEN p_api IS NOT NULL THEN 2',
      'THEN 0 WHEN p_api IS NOT NULL THEN 0',
    ],
    ['a subject counts as its API', 'override_rank', 'THEN 3', 'THEN 2'],
    ['a group counts as the account', 'override_rank', 'THEN 1', 'THEN 0'],
    ['the oldest wins', 'override_rank', 'p_order]', '-p_order]'],
    ['an expired one still holds', 'in_force', 'p_expires_at >', 'p_expires_at >='],
    ['one expires too early', 'in_force', 'p_expires_at >', "p_expires_at - interval '1 second' >"],
    ['one that has not begun holds', 'in_force', 'p_starts_at <=', "p_starts_at - interval '1 second' <="],
    ['one begins too late', 'in_force', 'p_starts_at <=', 'p_starts_at <'],
    ['an API is ignored', 'scope_covers', 'p_scope_api = p_api', 'true'],
    ['a group is ignored', 'scope_covers', 'p_scope_group = p_group', 'true'],
    ['a mode alone decides limits too', 'sets_limit', 'SELECT p_per_minute', 'SELECT true OR p_per_minute'],
    ['a factor alone decides nothing', 'sets_limit', 'OR p_factor IS NOT NULL', ''],
    ['the shipped default wins over the edited one', 'default_limit', 'p_edited, p_shipped', 'p_shipped, p_edited'],
    ['a factor multiplies the shipped default', 'base_limits', '(d.per_minute, l.p', '(c.shipped_per_minute, l.p'],
    ['an override is applied to the default', 'limits_under_plan', '(b.per_minute, o.p', '(c.shipped_per_minute, o.p'],
    ['a plan is above an override', 'limits_under_plan', 'coalesce(o.id, b.source)', 'b.source'],
    ['a plan is ignored', 'base_limits', 'l.plan = p_plan', 'false'],
    ['every plan holds', 'base_limits', 'l.plan = p_plan', 'true'],
    ["a plan's limit of a group is above that of an API", 'plan_limit_rank', 'THEN 2', 'THEN 0'],
    ["a plan's limit of all APIs is above that of a group", 'plan_limit_rank', 'THEN 1', 'THEN -1'],
    ["a plan's widest limit wins", 'base_limits', 'DESC LIMIT 1', 'ASC LIMIT 1'],
    ['an assignment begins too late', 'plan_in_force', '(a.starts_at, a', "(a.starts_at + interval '1 second', a"],
    ['an assignment begins too early', 'plan_in_force', '(a.starts_at, a', "(a.starts_at - interval '1 second', a"],
    ['an assignment ends too late', 'plan_in_force', 'a.ends_at, p_at', "a.ends_at + interval '1 second', p_at"],
    ['an assignment ends too early', 'plan_in_force', 'a.ends_at, p_at', "a.ends_at - interval '1 second', p_at"],
    ["a call's plan is above an assignment", 'plan_in_force', 'SELECT coalesce((', 'SELECT coalesce(p_plan, ('],
    ["a call's plan is ignored", 'plan_in_force', '), p_plan)', '), NULL)'],
    ['a product is rounded down', 'limit_under', 'ceil(', 'floor('],
    ['a factor is ignored', 'limit_under', 'p_factor IS NULL', 'true'],
    ['extra units are ignored', 'with_extra', 'coalesce(p_extra, 0)', '0'],
    ['extra units lift a block', 'with_extra', 'p_limit > 0', 'p_limit >= 0'],
    ['extra units have no upper bound', 'with_extra', ', 1000000000)', ', 2000000000)'],
    ['extra units of two overrides add up', 'limits_under_plan', ONE_EXTRA, SUM_OF_EXTRA],
    ['extra units of the widest override apply', 'limits_under_plan', ONE_EXTRA, ONE_EXTRA.replace('DESC', 'ASC')],
    ['extra units are added to the base', 'limits_under_plan', ', o.per_minute, o.factor)', ', NULL, NULL)'],
    ['extra units in the hour alone are ignored', 'sets_extra', 'OR p_extra_hour IS NOT NULL', ''],
    ['extra units count as a limit', 'limits_under_plan', 'THEN y.source', 'THEN coalesce(e.id, y.source)'],
  ])(
    'mutant: %s',
    async (_, routine, from, to) => {
      await withMutant(database.pool, { routine, from, to, occurs: 'at least once' }, async () => {
        const { failed } = await fc.check(property, { numRuns: 1_000, seed: 7, endOnFailure: true });
        expect(failed).toBe(true);
      });
    },
    120_000,
  );
});
