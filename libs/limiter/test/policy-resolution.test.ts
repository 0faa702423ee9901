/** Which override applies: compares the rule of the instances and the rule of the database with a naive reference. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import { type ApiEdit, Policy } from '../src/policy/policy.js';
import type { Override } from '../src/policy/resolve.js';
import {
  ACCOUNT,
  type Asked,
  asked,
  CATALOGUE,
  edits,
  keyOf,
  overrides,
  recordPolicy,
  storePolicy,
  T0,
} from './random-policy.js';

/** A default times a factor, in integer arithmetic, rounded up. */
function times(limit: number, factor: number): number {
  const steps = BigInt(limit) * BigInt(factor.toFixed(3).replace('.', ''));
  const whole = Number((steps + 999n) / 1000n);
  return Math.min(whole, 1_000_000_000);
}

/** Checks every override from the widest scope to the narrowest, oldest first: the last match applies. */
function reference(all: readonly Override[], edited: readonly ApiEdit[], { api, bot, at }: Asked) {
  const entry = CATALOGUE.get(api);
  const edit = edited.find((one) => one.api === api);
  const defaults = {
    perMinute: edit?.perMinute ?? entry.limits.perMinute,
    perHour: edit?.perHour ?? entry.limits.perHour,
  };
  let limits = defaults;
  let source = 'default';
  let mode: string = edit?.shadow ? 'shadow' : 'enforced';
  const levels: ((one: Override) => boolean)[] = [
    (one) => one.group === null && one.api === null,
    (one) => one.group === entry.group,
    (one) => one.api === api && one.subject === null,
    (one) => one.api === api && one.subject === keyOf(api, bot),
  ];
  for (const isOfLevel of levels) {
    for (const one of all) {
      const now = T0 + at * 1000;
      if (!isOfLevel(one) || now < one.startsAtMs || (one.expiresAtMs !== null && now >= one.expiresAtMs)) continue;
      if (one.mode !== null) mode = one.mode;
      if (one.factor !== null) {
        limits = { perMinute: times(defaults.perMinute, one.factor), perHour: times(defaults.perHour, one.factor) };
      } else if (one.perMinute !== null || one.perHour !== null) {
        limits = { perMinute: one.perMinute ?? defaults.perMinute, perHour: one.perHour ?? defaults.perHour };
      } else continue;
      source = one.id;
    }
  }
  return { limits, source, mode };
}

function policyOf(all: readonly Override[], apis: readonly ApiEdit[]): Policy {
  const policy = new Policy();
  policy.apply({ version: 1, whole: true, overrides: all, apis });
  return policy;
}

function instanceSays(policy: Policy, { api, bot, at }: Asked) {
  const asked = { account: ACCOUNT, subject: keyOf(api, bot), nowMs: T0 + at * 1000 };
  const { limits, source, mode } = policy.inForce(CATALOGUE.get(api), asked);
  return { limits, source, mode };
}

test('on instances the most specific override applies, among equals the newest, and limits it leaves open are the default', () => {
  fc.assert(
    fc.property(overrides, edits, fc.array(asked, { minLength: 1, maxLength: 10 }), (all, edited, questions) => {
      const policy = policyOf(all, edited);
      for (const question of questions)
        expect(instanceSays(policy, question)).toEqual(reference(all, edited, question));
    }),
    { numRuns: 2_000 },
  );
});

test('on instances, single changes give the same policy as all at once, and pruning changes nothing in force', () => {
  fc.assert(
    fc.property(overrides, edits, fc.array(asked, { minLength: 1, maxLength: 10 }), (all, edited, questions) => {
      const policy = new Policy();
      all.forEach((one, i) => {
        policy.apply({
          version: i + 1,
          whole: i === 0,
          overrides: [{ ...one, perMinute: 4, perHour: null, factor: null }],
          apis: [],
        });
        policy.apply({ version: i + 1, whole: false, overrides: [one], apis: [] });
      });
      policy.apply({ version: 99, whole: all.length === 0, overrides: [], apis: edited });
      const ordered = [...questions].sort((a, b) => a.at - b.at);
      for (const question of ordered) {
        policy.prune(T0 + question.at * 1000);
        expect(instanceSays(policy, question)).toEqual(reference(all, edited, question));
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

  async function databaseSays(all: readonly Override[], edited: readonly ApiEdit[], questions: readonly Asked[]) {
    await storePolicy(database.pool, all, edited);
    return await answersOf(`rollgate.limits_for('${ACCOUNT}', q.api, q.subject, to_timestamp(q.at / 1000))`, questions);
  }

  async function answersOf(resolver: string, questions: readonly Asked[]) {
    const { rows } = await database.pool.query<{ per_minute: number; per_hour: number; source: string; mode: string }>(
      `SELECT l.per_minute, l.per_hour, l.source, l.mode
       FROM jsonb_to_recordset($1) AS q (api text, subject text, at float8, ord bigint)
       CROSS JOIN LATERAL ${resolver} l ORDER BY q.ord`,
      [
        JSON.stringify(
          questions.map(({ api, bot, at }, ord) => ({ api, subject: keyOf(api, bot), at: T0 + at * 1000, ord })),
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
  async function historySays(all: readonly Override[], edited: readonly ApiEdit[], questions: readonly Asked[]) {
    const account = `acme-${++recorded}`;
    await storePolicy(database.pool, all, edited);
    await recordPolicy(database.pool, account);
    return await answersOf(
      `rollgate.limit_as_of('${account}', q.api, q.subject, to_timestamp(q.at / 1000))`,
      questions,
    );
  }

  const propertyOf = (says: typeof databaseSays) =>
    fc.asyncProperty(
      overrides,
      edits,
      fc.array(asked, { minLength: 1, maxLength: 20 }),
      async (all, edited, questions) => {
        const expected = questions.map((question) => reference(all, edited, question));
        expect(await says(all, edited, questions)).toEqual(expected);
      },
    );

  const property = propertyOf(databaseSays);

  test('the database resolves overrides like the reference', () => fc.assert(property, { numRuns: 150 }), 60_000);

  test('the history resolves overrides like the reference', async () => {
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
    ['a factor multiplies the shipped default', 'limits_for', '(d.per_minute, o.p', '(c.shipped_per_minute, o.p'],
    ['a product is rounded down', 'limit_under', 'ceil(', 'floor('],
    ['a factor is ignored', 'limit_under', 'p_factor IS NULL', 'true'],
  ])(
    'mutant: %s',
    async (_, routine, rule, instead) => {
      const { rows } = await database.pool.query<{ definition: string }>(
        `SELECT pg_get_functiondef(('rollgate.' || $1)::regproc) AS definition`,
        [routine],
      );
      const definition = rows[0]?.definition ?? '';
      expect(definition).toContain(rule);
      await database.pool.query(definition.replaceAll(rule, instead));
      try {
        const { failed } = await fc.check(property, { numRuns: 400, seed: 7, endOnFailure: true });
        expect(failed).toBe(true);
      } finally {
        await database.pool.query(definition);
      }
    },
    60_000,
  );
});
