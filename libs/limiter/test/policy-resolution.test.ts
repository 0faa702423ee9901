/** Which override applies: the nodes' rule and the database's, both held to a reference too simple to be wrong. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Catalogue } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import { type ApiEdit, Policy } from '../src/policy/policy.js';
import type { Override } from '../src/policy/resolve.js';

const T0 = Date.UTC(2026, 0, 1);
const ACCOUNT = 'acme';
const CATALOGUE = new Catalogue([
  {
    id: 'g1',
    title: 'G1',
    level: ['bot'],
    limits: { perMinute: 60, perHour: 1000 },
    apis: [
      { id: 'a1', title: 'A1' },
      { id: 'a2', title: 'A2', limits: { perMinute: 5, perHour: 50 } },
    ],
  },
  {
    id: 'g2',
    title: 'G2',
    level: ['bot'],
    limits: { perMinute: 300, perHour: 6000 },
    apis: [{ id: 'b1', title: 'B1' }],
  },
]);
const APIS = ['a1', 'a2', 'b1'];
const keyOf = (api: string, bot: number) => `${ACCOUNT}/${api}/bot=${bot}`;

interface Asked {
  readonly api: string;
  readonly bot: number;
  readonly at: number;
}

const scope = fc.oneof(
  fc.constant({ group: null, api: null, subject: null }),
  fc.constantFrom('g1', 'g2').map((group) => ({ group, api: null, subject: null })),
  fc.constantFrom(...APIS).map((api) => ({ group: null, api, subject: null })),
  fc
    .record({ api: fc.constantFrom(...APIS), bot: fc.integer({ min: 1, max: 2 }) })
    .map(({ api, bot }) => ({ group: null, api, subject: keyOf(api, bot) })),
);
const limit = fc.option(fc.integer({ min: 0, max: 5 }), { nil: null });
const NOTHING = { perMinute: null, perHour: null, factor: null };
/** What an override sets: limits, or a factor in their place. Few steps, so that products meet whole units and halves. */
const settings = fc.oneof(
  fc.record({ perMinute: limit, perHour: limit, factor: fc.constant(null) }),
  fc.constantFrom(0.001, 0.2, 0.333, 0.5, 1, 1.001, 1.5, 2, 2.345, 10, 1_000).map((factor) => ({ ...NOTHING, factor })),
);
const overrides: fc.Arbitrary<Override[]> = fc
  .array(
    fc.record({
      scope,
      settings,
      mode: fc.option(fc.constantFrom('enforced' as const, 'shadow' as const), { nil: null }),
      startsAt: fc.integer({ min: 0, max: 8 }),
      lasts: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
    }),
    { maxLength: 8 },
  )
  .map((list) =>
    list
      .filter(({ settings: set, mode }) => Object.values(set).some((value) => value !== null) || mode !== null)
      .map(({ scope: where, settings: set, mode, startsAt, lasts }, i) => ({
        ...set,
        ...where,
        mode,
        id: `ovr_${i + 1}`,
        account: ACCOUNT,
        startsAtMs: T0 + startsAt * 1000,
        expiresAtMs: lasts === null ? null : T0 + (startsAt + lasts) * 1000,
        order: i + 1,
      })),
  );
const edits: fc.Arbitrary<ApiEdit[]> = fc.uniqueArray(
  fc.record({ api: fc.constantFrom(...APIS), perMinute: limit, perHour: limit, shadow: fc.boolean() }),
  { selector: ({ api }) => api, maxLength: 3 },
);
const asked: fc.Arbitrary<Asked> = fc.record({
  api: fc.constantFrom(...APIS),
  bot: fc.integer({ min: 1, max: 2 }),
  at: fc.integer({ min: 0, max: 14 }),
});

/** A default times a factor by whole numbers alone, rounded up. */
function times(limit: number, factor: number): number {
  const steps = BigInt(limit) * BigInt(factor.toFixed(3).replace('.', ''));
  const whole = Number((steps + 999n) / 1000n);
  return Math.min(whole, 1_000_000_000);
}

/** Looks at every override, from the widest scope to the narrowest, the oldest first: the last one that fits stands. */
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

function nodeSays(policy: Policy, { api, bot, at }: Asked) {
  const asked = { account: ACCOUNT, subject: keyOf(api, bot), nowMs: T0 + at * 1000 };
  const { limits, source, mode } = policy.inForce(CATALOGUE.get(api), asked);
  return { limits, source, mode };
}

test('nodes: the most specific wins, among equals the newest, what it leaves open is the default', () => {
  fc.assert(
    fc.property(overrides, edits, fc.array(asked, { minLength: 1, maxLength: 10 }), (all, edited, questions) => {
      const policy = policyOf(all, edited);
      for (const question of questions) expect(nodeSays(policy, question)).toEqual(reference(all, edited, question));
    }),
    { numRuns: 2_000 },
  );
});

test('nodes: changes one by one come to the same as all at once, and pruning changes nothing that holds', () => {
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
        expect(nodeSays(policy, question)).toEqual(reference(all, edited, question));
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
    const { pool } = database;
    await pool.query('TRUNCATE rollgate.override, rollgate.catalogue CASCADE');
    const apis = CATALOGUE.entries().map((entry, ord) => ({
      api: entry.id,
      ord,
      title: entry.title,
      group_id: entry.group,
      group_title: entry.group,
      level: entry.level,
      scope: 'api',
      shipped_per_minute: entry.limits.perMinute,
      shipped_per_hour: entry.limits.perHour,
      per_minute: edited.find(({ api }) => api === entry.id)?.perMinute ?? null,
      per_hour: edited.find(({ api }) => api === entry.id)?.perHour ?? null,
      shadow: edited.find(({ api }) => api === entry.id)?.shadow ?? false,
      version: 1,
      changed_in: 1,
      changed_at: new Date(T0),
      changed_by: 'test',
    }));
    await pool.query(
      'INSERT INTO rollgate.catalogue SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, $1)',
      [JSON.stringify(apis)],
    );
    await pool.query(
      `INSERT INTO rollgate.override (id, account, group_id, api, subject, per_minute, per_hour, factor, mode, starts_at, expires_at,
         reason, created_by, created_at, changed_at, created_in, changed_in)
       SELECT o.id, o.account, o."group", o.api, o.subject, o."perMinute", o."perHour", o.factor, o.mode, to_timestamp(o."startsAtMs" / 1000),
         to_timestamp(o."expiresAtMs" / 1000), 'r', 'test', now(), now(), o."order", o."order"
       FROM jsonb_to_recordset($1) AS o (id text, account text, "group" text, api text, subject text, "perMinute" int, "perHour" int,
         factor numeric, mode text, "startsAtMs" float8, "expiresAtMs" float8, "order" bigint)`,
      [JSON.stringify(all)],
    );
    const { rows } = await pool.query<{ per_minute: number; per_hour: number; source: string; mode: string }>(
      `SELECT l.* FROM jsonb_to_recordset($1) AS q (api text, subject text, at float8, ord bigint)
       CROSS JOIN LATERAL rollgate.limits_for('${ACCOUNT}', q.api, q.subject, to_timestamp(q.at / 1000)) l ORDER BY q.ord`,
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

  const property = fc.asyncProperty(
    overrides,
    edits,
    fc.array(asked, { minLength: 1, maxLength: 20 }),
    async (all, edited, questions) => {
      const expected = questions.map((question) => reference(all, edited, question));
      expect(await databaseSays(all, edited, questions)).toEqual(expected);
    },
  );

  test('resolves as the nodes do', () => fc.assert(property, { numRuns: 150 }), 60_000);

  test.each([
    ['the widest wins', 'limits_for', 'ORDER BY o.subject IS NULL, o.api', 'ORDER BY o.subject IS NOT NULL, o.api'],
    ['the oldest wins', 'limits_for', 'o.created_in DESC', 'o.created_in'],
    ['an expired one still holds', 'limits_for', 'o.expires_at >', "o.expires_at + interval '1 second' >"],
    ['one that has not begun holds', 'limits_for', 'o.starts_at <=', "o.starts_at - interval '1 second' <="],
    [
      'a mode alone decides limits too',
      'limits_for',
      'WHERE f.per_minute IS NOT NULL OR f.per_hour IS NOT NULL OR f.factor IS NOT NULL ORDER',
      'ORDER',
    ],
    ['a factor alone decides nothing', 'limits_for', 'OR f.factor IS NOT NULL', ''],
    ['a factor multiplies the shipped default', 'limits_for', '(d.per_minute, o.p', '(c.shipped_per_minute, o.p'],
    ['a product is rounded down', 'limit_under', 'ceil(', 'floor('],
    ['a factor is passed over', 'limit_under', 'p_factor IS NULL', 'true'],
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
