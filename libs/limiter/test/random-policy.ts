/** Random policies of a small account, both as instances use them and as the database stores them. */
import { Catalogue, DENIED_MESSAGE } from '@rollgate/contract';
import fc from 'fast-check';
import type pg from 'pg';
import type { Plan, PlanAssignment } from '../src/policy/plans.js';
import type { ApiEdit } from '../src/policy/policy.js';
import { type Override, setsExtra } from '../src/policy/resolve.js';

export const T0 = Date.UTC(2026, 0, 1);
export const ACCOUNT = 'acme';
export const CATALOGUE = new Catalogue([
  {
    id: 'g1',
    title: 'G1',
    level: ['bot'],
    limits: { perMinute: 60, perHour: 1000 },
    apis: [
      { id: 'a1', title: 'A1' },
      { id: 'a2', title: 'A2', limits: { perMinute: 5, perHour: 50 } },
      // Like a1, in the same group.
      { id: 'a3', title: 'A3' },
    ],
  },
  {
    id: 'g2',
    title: 'G2',
    level: ['bot'],
    limits: { perMinute: 300, perHour: 6000 },
    apis: [
      { id: 'b1', title: 'B1' },
      // Like a1, in another group.
      { id: 'b2', title: 'B2', limits: { perMinute: 60, perHour: 1000 } },
    ],
  },
]);
export const APIS = ['a1', 'a2', 'a3', 'b1', 'b2'];
export const keyOf = (api: string, bot: number) => `${ACCOUNT}/${api}/bot=${bot}`;

export interface Asked {
  readonly api: string;
  readonly bot: number;
  readonly at: number;
  /** The plan that the call brings. */
  readonly plan: string | undefined;
}

export interface Plans {
  readonly plans: readonly Plan[];
  readonly assignments: readonly PlanAssignment[];
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
/** What an override sets: limits, or a factor instead. The few possible factors give both whole and half units. */
const settings = fc.oneof(
  fc.record({ perMinute: limit, perHour: limit, factor: fc.constant(null) }),
  fc.constantFrom(0.001, 0.2, 0.333, 0.5, 1, 1.001, 1.5, 2, 2.345, 10, 1_000).map((factor) => ({ ...NOTHING, factor })),
);
const NO_EXTRA = { extraMinute: null, extraHour: null };
const extra = fc.option(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(1_000_000_000)), { nil: null });
const extraSettings = fc.record({ extraMinute: extra, extraHour: extra }).map((units) => ({ ...NOTHING, ...units }));
export const overrides: fc.Arbitrary<Override[]> = fc
  .array(
    fc.record({
      scope,
      settings: fc.oneof(
        settings.map((set) => ({ ...set, ...NO_EXTRA })),
        extraSettings,
      ),
      mode: fc.option(fc.constantFrom('enforced' as const, 'shadow' as const), { nil: null }),
      startsAt: fc.integer({ min: 0, max: 8 }),
      lasts: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
    }),
    { maxLength: 8 },
  )
  .map((list) =>
    list
      .filter(({ settings: set, mode }) => Object.values(set).some((value) => value !== null) || mode !== null)
      // Extra units need an end.
      .map((one) => (setsExtra(one.settings) ? { ...one, lasts: one.lasts ?? 6 } : one))
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
export const edits: fc.Arbitrary<ApiEdit[]> = fc.uniqueArray(
  fc.record({ api: fc.constantFrom(...APIS), perMinute: limit, perHour: limit, shadow: fc.boolean() }),
  { selector: ({ api }) => api, maxLength: 3 },
);
const planLimits = fc
  .uniqueArray(
    fc.record({
      where: fc.oneof(
        fc.constant({ group: null, api: null }),
        fc.constantFrom('g1', 'g2').map((group) => ({ group, api: null })),
        fc.constantFrom(...APIS).map((api) => ({ group: null, api })),
      ),
      set: settings.filter((set) => Object.values(set).some((value) => value !== null)),
    }),
    { selector: ({ where }) => JSON.stringify(where), maxLength: 4 },
  )
  .map((rows) => rows.map(({ where, set }) => ({ ...where, ...set })));
/** Two plans, and assignments of which at most one is in force at a time. */
export const plans: fc.Arbitrary<Plans> = fc
  .record({
    p1: planLimits,
    p2: planLimits,
    assigned: fc.array(
      fc.record({
        plan: fc.constantFrom('p1', 'p2'),
        after: fc.integer({ min: 0, max: 4 }),
        lasts: fc.integer({ min: 1, max: 5 }),
      }),
      { maxLength: 3 },
    ),
    endless: fc.boolean(),
  })
  .map(({ p1, p2, assigned, endless }) => {
    let second = 0;
    const assignments = assigned.map(({ plan, after, lasts }, i) => {
      const startsAt = second + after;
      second = startsAt + lasts;
      const last = i === assigned.length - 1;
      return {
        id: `asg_${i + 1}`,
        account: ACCOUNT,
        plan,
        startsAtMs: T0 + startsAt * 1000,
        endsAtMs: endless && last ? null : T0 + second * 1000,
      };
    });
    return {
      plans: [
        { id: 'p1', limits: p1 },
        { id: 'p2', limits: p2 },
      ],
      assignments,
    };
  });
export const asked: fc.Arbitrary<Asked> = fc.record({
  api: fc.constantFrom(...APIS),
  bot: fc.integer({ min: 1, max: 2 }),
  at: fc.integer({ min: 0, max: 14 }),
  plan: fc.constantFrom(undefined, undefined, 'p1', 'p2', 'unknown'),
});

/** Replaces the stored policy. */
export async function storePolicy(pool: pg.Pool, all: readonly Override[], edited: readonly ApiEdit[]): Promise<void> {
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
    message: DENIED_MESSAGE,
  }));
  await pool.query(
    'INSERT INTO rollgate.catalogue SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, $1)',
    [JSON.stringify(apis)],
  );
  await pool.query(
    `INSERT INTO rollgate.override (id, account, group_id, api, subject, per_minute, per_hour, factor, extra_minute, extra_hour, mode,
       starts_at, expires_at, reason, created_by, created_at, changed_at, created_in, changed_in)
     SELECT o.id, o.account, o."group", o.api, o.subject, o."perMinute", o."perHour", o.factor, o."extraMinute", o."extraHour", o.mode,
       to_timestamp(o."startsAtMs" / 1000), to_timestamp(o."expiresAtMs" / 1000), 'r', 'test', now(), now(), o."order", o."order"
     FROM jsonb_to_recordset($1) AS o (id text, account text, "group" text, api text, subject text, "perMinute" int, "perHour" int,
       factor numeric, "extraMinute" int, "extraHour" int, mode text, "startsAtMs" float8, "expiresAtMs" float8, "order" bigint)`,
    [JSON.stringify(all)],
  );
}

/** Replaces the stored plans and assignments. */
export async function storePlans(pool: pg.Pool, { plans: all, assignments }: Plans): Promise<void> {
  await pool.query('TRUNCATE rollgate.plan, rollgate.plan_limit, rollgate.plan_assignment');
  await pool.query(
    `INSERT INTO rollgate.plan (id, title, created_by, created_at, changed_by, changed_at, changed_in)
     SELECT p.id, p.id, 'test', now(), 'test', now(), 1 FROM jsonb_to_recordset($1) AS p (id text)`,
    [JSON.stringify(all)],
  );
  await pool.query(
    `INSERT INTO rollgate.plan_limit (plan, group_id, api, per_minute, per_hour, factor)
     SELECT p.id, l."group", l.api, l."perMinute", l."perHour", l.factor
     FROM jsonb_to_recordset($1) AS p (id text, limits jsonb)
     CROSS JOIN LATERAL jsonb_to_recordset(p.limits)
       AS l ("group" text, api text, "perMinute" int, "perHour" int, factor numeric)`,
    [JSON.stringify(all)],
  );
  await pool.query(
    `INSERT INTO rollgate.plan_assignment (id, account, plan, starts_at, ends_at, reason, created_by, created_at, changed_at, changed_in)
     SELECT a.id, a.account, a.plan, to_timestamp(a."startsAtMs" / 1000), to_timestamp(a."endsAtMs" / 1000), 'r', 'test', now(), now(), 1
     FROM jsonb_to_recordset($1) AS a (id text, account text, plan text, "startsAtMs" float8, "endsAtMs" float8)`,
    [JSON.stringify(assignments)],
  );
}

/**
 * Adds the stored policy to the history, as if it had been created just before `T0`, with its overrides and assignments
 * as those of `account`. Each override is created and then changed, in the opposite order.
 */
export async function recordPolicy(pool: pg.Pool, account: string): Promise<void> {
  await pool.query(
    `INSERT INTO rollgate.history (id, at, kind, action, target, account, actor, after, previous_hash, hash)
     SELECT (SELECT coalesce(max(id), 0) FROM rollgate.history) + row_number() OVER (ORDER BY f.place),
            to_timestamp($1), f.kind, f.action, f.target, $2, 'test', f.after, '', ''
     FROM (
       SELECT 0 AS place, 'catalogue' AS kind, 'change' AS action, c.api AS target, rollgate.catalogue_facts(c) AS after
       FROM rollgate.catalogue c
       UNION ALL
       SELECT o.created_in, 'override', 'create', o.id, rollgate.override_facts(o) FROM rollgate.override o
       UNION ALL
       SELECT 1000 - o.created_in, 'override', 'change', o.id, rollgate.override_facts(o) FROM rollgate.override o
       UNION ALL
       SELECT 1, 'plan', 'create', p.id, rollgate.plan_facts(p) || '{"limits": []}' FROM rollgate.plan p
       UNION ALL
       SELECT 2, 'plan', 'change', p.id, rollgate.plan_facts(p) FROM rollgate.plan p
       UNION ALL
       SELECT 1, 'assignment', 'assign', a.id, rollgate.assignment_facts(a) || '{"endsAt": null}' FROM rollgate.plan_assignment a
       UNION ALL
       SELECT 2, 'assignment', 'end', a.id, rollgate.assignment_facts(a) FROM rollgate.plan_assignment a
     ) f`,
    [T0 / 1000 - 1, account],
  );
}
