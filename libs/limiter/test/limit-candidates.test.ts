/** The list of candidate rules agrees with the limits in force, and each of its reasons is true. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import type { ApiEdit } from '../src/policy/policy.js';
import type { Override } from '../src/policy/resolve.js';
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
  storePlans,
  storePolicy,
  T0,
} from './random-policy.js';

interface Candidate {
  readonly place: number;
  readonly kind: 'override' | 'plan' | 'default';
  readonly source: string;
  readonly group_id: string | null;
  readonly api: string | null;
  readonly subject: string | null;
  readonly mode: string | null;
  readonly per_minute: number;
  readonly per_hour: number;
  readonly code: string;
  readonly than: string | null;
  readonly sets_mode: boolean;
}

interface Policies extends Plans {
  readonly overrides: readonly Override[];
  readonly edits: readonly ApiEdit[];
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const policies: fc.Arbitrary<Policies> = fc
  .record({ overrides, edits, plans })
  .map(({ plans: known, ...rest }) => ({ ...rest, ...known }));

const argumentsOf = ({ api, bot, at, plan }: Asked) => [
  ACCOUNT,
  api,
  keyOf(api, bot),
  new Date(T0 + at * 1000),
  plan ?? null,
];

async function candidatesOf(question: Asked): Promise<Candidate[]> {
  const { rows } = await database.pool.query<Candidate>(
    'SELECT * FROM rollgate.limit_candidates($1, $2, $3, $4, $5) ORDER BY place',
    argumentsOf(question),
  );
  return rows;
}

const width = ({ group, api, subject }: Pick<Override, 'group' | 'api' | 'subject'>) =>
  subject !== null ? 3 : api !== null ? 2 : group !== null ? 1 : 0;

const isExtra = ({ extraMinute, extraHour }: Override) => extraMinute !== null || extraHour !== null;

/** Why an override is not considered, from the random policy alone. */
function obstacle(one: Override, { bot, api, at }: Asked): string | undefined {
  const now = T0 + at * 1000;
  if (one.expiresAtMs !== null && one.expiresAtMs <= now) return 'ended';
  if (one.startsAtMs > now) return 'not_started';
  if (one.subject !== null && one.subject !== keyOf(api, bot)) return 'other_subject';
  if (one.perMinute === null && one.perHour === null && one.factor === null && !isExtra(one)) return 'only_mode';
  return undefined;
}

async function check(all: Policies, question: Asked): Promise<void> {
  const { rows } = await database.pool.query(
    'SELECT * FROM rollgate.limits_for($1, $2, $3, $4, NULL, $5)',
    argumentsOf(question),
  );
  const candidates = await candidatesOf(question);
  const [applying, ...others] = candidates.filter(({ code }) => code === 'applies');
  expect(others).toEqual([]);
  const mode = candidates.find((one) => one.sets_mode)?.mode;
  const { per_minute, per_hour, source } = applying as Candidate;
  expect({ per_minute, per_hour, source, mode }).toEqual(rows[0]);
  checkOverrides(all, question, candidates);
  checkPlans(all, question, candidates);
}

function checkOverrides(all: Policies, question: Asked, candidates: readonly Candidate[]): void {
  const { api } = question;
  const { group } = CATALOGUE.get(api);
  const fitting = all.overrides.filter(
    (one) => (one.api === null || one.api === api) && (one.group === null || one.group === group),
  );
  const found = candidates.filter(({ kind }) => kind === 'override');
  const ranked = fitting.toSorted((a, b) => width(b) - width(a) || b.order - a.order);
  const considered = ranked.filter((one) => obstacle(one, question) === undefined);
  const first = { limit: considered.find((one) => !isExtra(one)), extra: considered.find(isExtra) };
  const raises = candidates.some(({ source, code }) => source === first.extra?.id && code === 'applies');
  const expected = ranked.map((one) => {
    const why = obstacle(one, question);
    if (why !== undefined) return [one.id, why, null];
    const winner = (isExtra(one) ? first.extra : first.limit) as Override;
    if (one !== winner) return [one.id, width(one) < width(winner) ? 'less_specific' : 'older', winner.id];
    if (isExtra(one)) return [one.id, raises ? 'applies' : 'adds_nothing', null];
    return raises ? [one.id, 'base', first.extra?.id] : [one.id, 'applies', null];
  });
  expect(found.map(({ source, code, than }) => [source, code, than])).toEqual(expected);
}

/** The reason of each row of a plan that covers the API, from the random policy alone. */
function checkPlans(all: Policies, question: Asked, candidates: readonly Candidate[]): void {
  const { api, at, plan: brought } = question;
  const now = T0 + at * 1000;
  const { group } = CATALOGUE.get(api);
  const held = all.assignments.map(({ plan, startsAtMs, endsAtMs }) => ({
    plan,
    why: endsAtMs !== null && endsAtMs <= now ? 'ended' : startsAtMs > now ? 'not_started' : undefined,
  }));
  const isAssigned = held.some(({ why }) => why === undefined);
  if (brought !== undefined) {
    const isKnown = all.plans.some(({ id }) => id === brought);
    held.push({ plan: brought, why: isAssigned ? 'assigned' : isKnown ? undefined : 'unknown_plan' });
  }
  const isOverridden = candidates.some(({ kind, code }) => kind === 'override' && ['applies', 'base'].includes(code));
  const expected = held.flatMap(({ plan, why }) => {
    const rows = (all.plans.find(({ id }) => id === plan)?.limits ?? [])
      .filter((row) => (row.api === null || row.api === api) && (row.group === null || row.group === group))
      .map((row) => width({ ...row, subject: null }));
    if (rows.length === 0) return [`plan:${plan} ${why ?? 'no_row'}`];
    const most = Math.max(...rows);
    return rows.map((each) => {
      const own = each < most ? 'less_specific' : isOverridden ? 'base' : 'applies';
      return `plan:${plan} ${why ?? own}`;
    });
  });
  const found = candidates.filter(({ kind }) => kind === 'plan').map(({ source, code }) => `${source} ${code}`);
  expect(found.sort()).toEqual(expected.sort());
}

const property = fc.asyncProperty(
  policies,
  fc.array(asked, { minLength: 1, maxLength: 10 }),
  async (all, questions) => {
    await storePolicy(database.pool, all.overrides, all.edits);
    await storePlans(database.pool, all);
    for (const question of questions) await check(all, question);
  },
);

/** Random policies rarely contain an override that sets only a mode. */
const ONLY_MODE: Policies = {
  overrides: [
    {
      id: 'ovr_1',
      account: ACCOUNT,
      group: null,
      api: null,
      subject: null,
      perMinute: null,
      perHour: null,
      factor: null,
      extraMinute: null,
      extraHour: null,
      mode: 'shadow',
      startsAtMs: T0,
      expiresAtMs: null,
      order: 1,
    },
  ],
  edits: [],
  plans: [],
  assignments: [],
};
const examples: [Policies, Asked[]][] = [[ONLY_MODE, [{ api: 'a1', bot: 1, at: 1, plan: undefined }]]];

test('the one candidate that applies has the limits in force, and every other one a true reason', async () => {
  await fc.assert(property, { numRuns: 150, examples });
}, 120_000);

test('an unknown API has no candidates', async () => {
  expect(await candidatesOf({ api: 'unknown', bot: 1, at: 0, plan: undefined })).toEqual([]);
});

test.each([
  ['an ended override applies', "WHEN s.state = 'expired' THEN 'ended'", ''],
  ['an upcoming override applies', "WHEN s.state = 'upcoming' THEN 'not_started'", ''],
  ['an override of another subject applies', "WHEN o.subject <> p_subject THEN 'other_subject'", ''],
  ['an override of a mode sets limits', 'WHEN NOT rollgate.sets_limit', 'WHEN false AND NOT rollgate.sets_limit'],
  ['the lowest override applies', 'NOT o.is_extra ORDER BY o.rank DESC', 'NOT o.is_extra ORDER BY o.rank'],
  ['the widest extra units apply', 'AND o.is_extra ORDER BY o.rank DESC', 'AND o.is_extra ORDER BY o.rank'],
  ['extra units are added to the base', 'rollgate.with_extra(y.per_hour, o.extra_hour)\n', 'y.per_hour\n'],
  ['extra units that change nothing apply', 'a WHERE a.changes', 'a'],
  ['a limit under extra units applies', "AND r.id IS NOT NULL THEN 'base'", "AND false THEN 'base'"],
  ['a wider scope counts as older', "WHEN o.rank[1] < w.rank[1] THEN 'less_specific'", ''],
  [
    'the widest limit of a plan applies',
    'WHERE p.why IS NULL ORDER BY p.rank DESC',
    'WHERE p.why IS NULL ORDER BY p.rank',
  ],
  ['a plan applies above an override', "WHEN coalesce(l.id, r.id) IS NOT NULL THEN 'base'", ''],
  ["a call's plan is above the assignment", "WHEN asked.assigned IS NOT NULL THEN 'assigned'", ''],
  [
    'an override starts from the default',
    'ELSE rollgate.limit_under(asked.base_minute',
    'ELSE rollgate.limit_under(asked.per_minute',
  ],
  ['an override of limits only keeps the mode', "AND (o.why IS NULL OR o.why = 'only_mode')", 'AND o.why IS NULL'],
  ['the oldest mode applies', "o.why = 'only_mode') ORDER BY o.rank DESC", "o.why = 'only_mode') ORDER BY o.rank"],
  ['the list begins with the widest', 'ORDER BY c.step DESC', 'ORDER BY c.step'],
])(
  'mutant: %s',
  async (_, from, to) => {
    await withMutant(database.pool, { routine: 'limit_candidates', from, to }, async () => {
      const { failed } = await fc.check(property, { numRuns: 300, seed: 7, endOnFailure: true, examples });
      expect(failed).toBe(true);
    });
  },
  120_000,
);
