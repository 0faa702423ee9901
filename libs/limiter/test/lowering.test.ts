/**
 * Compares the SQL that lists what a new override or assignment would lower with a search through every second of its life by the
 * rule of the instances.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import type { PlanAssignment } from '../src/policy/plans.js';
import { type ApiEdit, Policy } from '../src/policy/policy.js';
import type { Override } from '../src/policy/resolve.js';
import { withMutant } from './mutant.js';
import {
  ACCOUNT,
  APIS,
  CATALOGUE,
  edits,
  overrides,
  type Plans,
  plans,
  storePlans,
  storePolicy,
  T0,
} from './random-policy.js';

/** The last second at which anything starts or ends. */
const LAST_SECOND = 28;
const NOW = 4;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Stored extends Plans {
  readonly overrides: readonly Override[];
  readonly edits: readonly ApiEdit[];
}

function policyOf({ overrides: all, edits: apis, plans: known, assignments }: Stored): Policy {
  const policy = new Policy();
  policy.apply({ version: 1, whole: true, overrides: all, apis, plans: known, assignments });
  return policy;
}

/** Each API and window once, with the first second at which its lowering needs confirmation. */
function reference(before: Policy, after: Policy, { added }: { added?: Override } = {}): string[] {
  const found = new Map<string, string>();
  for (let second = NOW; second <= LAST_SECOND; second++) {
    const nowMs = T0 + second * 1000;
    if (added && added.expiresAtMs !== null && nowMs >= added.expiresAtMs) break;
    for (const api of APIS) {
      const asked = { account: ACCOUNT, subject: added?.subject ?? `${ACCOUNT}/${api}/bot=nobody`, nowMs };
      if (added && added.subject !== null && added.api !== api) continue;
      const from = before.inForce(CATALOGUE.get(api), asked).limits;
      const to = after.inForce(CATALOGUE.get(api), asked).limits;
      const changed = from.perMinute !== to.perMinute || from.perHour !== to.perHour;
      const at = second === NOW ? 'now' : String(second);
      const tell = (window: string, one: number, other: number) => {
        if (!found.has(`${api} ${window}`)) found.set(`${api} ${window}`, `${one} -> ${other} ${at}`);
      };
      if (to.perMinute < from.perMinute) tell('minute', from.perMinute, to.perMinute);
      if (to.perHour < from.perHour || (changed && to.perHour < to.perMinute)) tell('hour', from.perHour, to.perHour);
    }
  }
  return [...found].map(([what, how]) => `${what} ${how}`).sort();
}

async function databaseSays(all: Stored, call: string, added: object): Promise<string[]> {
  await storePolicy(database.pool, all.overrides, all.edits);
  await storePlans(database.pool, all);
  const { rows } = await database.pool.query<{ items: Record<string, string>[] | null }>(`SELECT ${call} AS items`, [
    JSON.stringify(added),
    new Date(T0 + NOW * 1000),
  ]);
  return (rows[0]?.items ?? [])
    .map(({ api, window, from, to, at }) => {
      const when = at === null ? 'now' : String((Date.parse(at as string) - T0) / 1000);
      return `${api} ${window} ${from} -> ${to} ${when}`;
    })
    .sort();
}

const OF_OVERRIDE = 'rollgate.lowered_by(jsonb_populate_record(NULL::rollgate.override, $1), $2)';
const OF_ASSIGNMENT = 'rollgate.lowered_by_assignment(jsonb_populate_record(NULL::rollgate.plan_assignment, $1), $2)';

/** The newest override is the one that is added. */
const cases = overrides.filter((all) => all.length > 0);
const property = fc.asyncProperty(cases, edits, plans, async (all, edited, known) => {
  const stored = { ...known, overrides: all.slice(0, -1), edits: edited };
  const added = all.at(-1) as Override;
  const listed = await databaseSays(stored, OF_OVERRIDE, {
    id: added.id,
    account: added.account,
    group_id: added.group,
    api: added.api,
    subject: added.subject,
    per_minute: added.perMinute,
    per_hour: added.perHour,
    factor: added.factor,
    extra_minute: added.extraMinute,
    extra_hour: added.extraHour,
    mode: added.mode,
    starts_at: new Date(added.startsAtMs),
    expires_at: added.expiresAtMs === null ? null : new Date(added.expiresAtMs),
    created_in: added.order,
  });
  expect(listed).toEqual(reference(policyOf(stored), policyOf({ ...stored, overrides: all }), { added }));
});

/** The last assignment is the one that is added. Those stored may still be in force at its start. */
const assigned = plans.filter(({ assignments }) => assignments.length > 0);
const ofAssignments = fc.asyncProperty(overrides, edits, assigned, fc.boolean(), async (all, edited, known, open) => {
  const added = known.assignments.at(-1) as PlanAssignment;
  const earlier = known.assignments.slice(0, -1);
  const before = earlier.map((one, i) => (open && i === earlier.length - 1 ? { ...one, endsAtMs: null } : one));
  const after = before.map((one) => ({
    ...one,
    endsAtMs: Math.min(one.endsAtMs ?? added.startsAtMs, added.startsAtMs),
  }));
  const stored = { ...known, assignments: before, overrides: all, edits: edited };
  const listed = await databaseSays(stored, OF_ASSIGNMENT, {
    id: added.id,
    account: added.account,
    plan: added.plan,
    starts_at: new Date(added.startsAtMs),
    ends_at: added.endsAtMs === null ? null : new Date(added.endsAtMs),
  });
  expect(listed).toEqual(reference(policyOf(stored), policyOf({ ...stored, assignments: [...after, added] })));
});

test(
  'the SQL lists which limits fall, their old and new values, and from when on',
  () => fc.assert(property, { numRuns: 200 }),
  60_000,
);

test(
  'the SQL lists which limits of an account fall when a plan is assigned or ends, and from when on',
  () => fc.assert(ofAssignments, { numRuns: 200 }),
  60_000,
);

test.each([
  ['only the present is compared', 'override_effects', 'WHERE t.at > p_now AND', 'WHERE false AND'],
  ['the start of the override is ignored', 'override_effects', '(greatest(p_new.starts_at, p_now))', '(p_now)'],
  ['an equal limit counts as lowered', 'lowering', 'WHEN w.after < w.before THEN', 'WHEN w.after <= w.before THEN'],
  ['the hour is not compared', 'lowering', "('hour', 'hour', p_hour_before", "('hour', 'hour', p_hour_after"],
  [
    'the last moment is listed instead of the first',
    'lowered_by',
    "l.item ->> 'window', e.at\n",
    "l.item ->> 'window', e.at DESC\n",
  ],
  [
    "the start and end of the account's plan are ignored",
    'override_effects',
    'WHERE a.account = p_new.account AND t.at',
    'WHERE false AND t.at',
  ],
  ['APIs with their own override are treated like other APIs', 'override_effects', 'THEN c.api END', 'THEN NULL END'],
  ['groups with an override are treated like other groups', 'override_effects', 'THEN c.group_id END', 'THEN NULL END'],
  ['the end of an assignment is ignored', 'assignment_effects', '(greatest(p_new.ends_at, p_now))', '(p_now)'],
  ['the plan before goes on at the end', 'assignment_effects', 'OR a.starts_at > p_new.starts_at', 'OR true'],
  ['overrides that end are ignored', 'assignment_effects', 'o.subject IS NULL AND', 'false AND'],
])(
  'mutant: %s',
  async (_, routine, from, to) => {
    const broken = routine === 'assignment_effects' ? ofAssignments : property;
    await withMutant(database.pool, { routine, from, to, occurs: 'at least once' }, async () => {
      const { failed } = await fc.check<unknown>(broken, { numRuns: 1_000, seed: 11, endOnFailure: true });
      expect(failed).toBe(true);
    });
  },
  60_000,
);
