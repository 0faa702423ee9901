/** Random policies keep their bytes and their limits on the way from database to file to database, and errors seeded into it are found. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withMutant } from '../../../libs/limiter/test/mutant.js';
import { writePolicyFile } from '../src/cli/policy-file/policy-yaml.js';
import type { Item, PolicyContent } from '../src/policy/policy-file/policy-content.js';
import { usePolicyFileDesk } from './policy-file-desk.js';

const desk = usePolicyFileDesk();

const APIS = ['publish-bot', 'upload-file', 'bot-export'];
const GROUP = 'bot-definition';
const MOMENTS = ['2101', '2102', '2103', '2104'].map((year) => `${year}-01-01T00:00:00Z`);
const STARTS = [
  '2020-01-01T00:00:00Z',
  '2021-01-01T00:00:00.000001Z',
  '2100-01-01T00:00:00Z',
  '2102-06-01T00:00:00.5Z',
];

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
/** What a person may write in any language, and what YAML could read as something else. */
const text = fc.oneof(
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '1e3',
    '0x1f',
    '- a',
    'a: b',
    '# a',
    '"',
    "'",
    'a\n\nb',
    '{a',
    'é',
    '2026-01-01',
    '=',
    '!!str',
    '|',
  ),
  fc
    .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
    .filter((value) => value.trim() !== '' && !value.includes('\0')),
);
const account = fc.constantFrom('acme', 'acme', 'globex', '17', 'null', 'Zürich & co: #1');
const limit = maybe(fc.integer({ min: 0, max: 1_000 }));
const limits = fc
  .oneof(
    fc.record({ perMinute: limit, perHour: limit }),
    fc.constantFrom(0.001, 0.333, 1.5, 2, 1_000).map((factor) => ({ factor })),
  )
  .filter((set) => Object.values(set).some((value) => value !== undefined));
const extraUnits = fc.record({
  extraMinute: fc.integer({ min: 1, max: 100 }),
  extraHour: limit.map((n) => n || undefined),
});
const mode = fc.constantFrom('enforced', 'shadow');
const scope = fc.oneof(
  fc.constant({}),
  fc.constant({ group: GROUP }),
  fc.constantFrom(...APIS).map((api) => ({ api })),
  text.map((bot) => ({ api: 'publish-bot', dimensions: { bot } })),
);
const override = fc
  .tuple(
    scope,
    fc.oneof(fc.tuple(fc.oneof(limits, extraUnits), maybe(mode)), fc.tuple(fc.constant({}), mode)),
    fc.record({
      account,
      startsAt: fc.constantFrom(...STARTS),
      expiresAt: maybe(fc.constantFrom(...MOMENTS.slice(2))),
      reason: text,
      ticket: maybe(text),
    }),
  )
  .map(([where, [set, how], rest]): Item => {
    const hasExtra = 'extraMinute' in set;
    return {
      ...where,
      ...set,
      mode: how,
      ...rest,
      expiresAt: hasExtra ? (rest.expiresAt ?? MOMENTS[3]) : rest.expiresAt,
    };
  });
const edit = fc
  .record({ perMinute: limit, perHour: limit, shadow: maybe(fc.constant(true)) })
  .filter((set) => Object.values(set).some((value) => value !== undefined));
const planLimits = fc.uniqueArray(
  fc.tuple(fc.constantFrom<Item>({}, { group: GROUP }, ...APIS.map((api) => ({ api }))), limits),
  { selector: ([where]) => JSON.stringify(where), maxLength: 4 },
);
const plan = fc.record({
  title: text,
  description: maybe(text),
  retired: maybe(fc.constant(true)),
  limits: planLimits,
});
const assignments = fc
  .uniqueArray(
    fc.record({ account, plans: fc.tuple(fc.constantFrom('p1', 'p2'), maybe(fc.constantFrom('p1', 'p2'))) }),
    {
      selector: (one) => one.account,
      maxLength: 3,
    },
  )
  .map((all) =>
    all.flatMap((one) => {
      const [first, second] = one.plans;
      const now = {
        account: one.account,
        plan: first,
        startsAt: STARTS[0],
        reason: 'now',
        ...(second && { endsAt: MOMENTS[0] }),
      };
      return second ? [now, { account: one.account, plan: second, startsAt: MOMENTS[0], reason: 'later' }] : [now];
    }),
  );
const contents: fc.Arbitrary<PolicyContent> = fc.record({
  catalogue: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...APIS), edit), { selector: ([api]) => api, maxLength: 3 })
    .map((all) => all.map(([api, set]) => ({ api, ...set }))),
  plans: fc.tuple(plan, plan).map((all) =>
    all.map(({ limits: rows, ...rest }, i) => ({
      id: `p${i + 1}`,
      ...rest,
      limits: rows.map(([where, set]) => ({ ...where, ...set })),
    })),
  ),
  assignments,
  overrides: fc.uniqueArray(override, { selector: (one) => JSON.stringify(one), maxLength: 6 }),
});

/** The limits of every account, API and subject at every time at which they can change. */
async function allLimits(): Promise<unknown[]> {
  const { rows } = await desk.pool.query(
    `SELECT s.account, s.api, s.subject, t.at, l.per_minute, l.per_hour, l.mode
     FROM (SELECT o.account, c.api, coalesce(o.subject, '') AS subject FROM rollgate.override o CROSS JOIN rollgate.catalogue c
           UNION SELECT a.account, c.api, '' FROM rollgate.plan_assignment a CROSS JOIN rollgate.catalogue c) s
     CROSS JOIN (SELECT now() UNION SELECT starts_at FROM rollgate.override WHERE starts_at > now()
                 UNION SELECT expires_at FROM rollgate.override WHERE expires_at IS NOT NULL
                 UNION SELECT '2101-01-01T00:00:00Z') t (at)
     CROSS JOIN LATERAL rollgate.limits_for(s.account, s.api, s.subject, t.at) l
     WHERE s.api = ANY ($1)
     ORDER BY s.account COLLATE "C", s.api COLLATE "C", s.subject COLLATE "C", t.at`,
    [APIS],
  );
  const moments = [...new Set(rows.map(({ at }) => at.getTime()))].sort();
  return rows.map(({ at, ...row }) => ({ ...row, at: moments.indexOf(at.getTime()) }));
}

type Mutant = Parameters<typeof withMutant>[1];

/** Applies the content to an empty database, and the export of that one to another. */
async function roundTrip(content: PolicyContent, mutant?: Mutant): Promise<void> {
  const [, exported = ''] = /^exported: (.*)$/m.exec(await desk.export()) ?? [];
  const applied = async (file: string) => {
    const { code, stderr } = await desk.apply(file, '--allow-lowering');
    expect([code, stderr]).toEqual([0, '']);
    return { text: await desk.export(), limits: await allLimits() };
  };
  const inDatabase = (file: string) =>
    desk.inEmptyDatabase(async () => {
      if (mutant === undefined) return await applied(file);
      let result: unknown;
      await withMutant(desk.pool, mutant, async () => {
        result = await applied(file);
      });
      return result as ReturnType<typeof applied>;
    });
  const first = await inDatabase(writePolicyFile(exported, content));
  expect(await inDatabase(first.text)).toEqual(first);
}

const options = { numRuns: 8, interruptAfterTimeLimit: 200_000 };
test('the bytes of the second export are those of the first, and so are the limits', async () => {
  await fc.assert(
    fc.asyncProperty(contents, (content) => roundTrip(content)),
    options,
  );
}, 240_000);

/** A retired plan, an API in shadow mode, and two overrides of the same scope. The older override starts after the newer one. */
const FIXED: PolicyContent = {
  catalogue: [{ api: 'publish-bot', shadow: true }],
  plans: [
    { id: 'p1', title: 'One', limits: [{ factor: 2 }] },
    { id: 'p2', title: 'Two', retired: true, limits: [{ api: 'publish-bot', perMinute: 5 }] },
  ],
  assignments: [{ account: 'acme', plan: 'p2', startsAt: STARTS[0], reason: 'first' }],
  overrides: [
    { account: 'acme', api: 'publish-bot', perMinute: 7, startsAt: STARTS[2], reason: 'older' },
    { account: 'acme', api: 'publish-bot', perMinute: 8, startsAt: STARTS[0], reason: 'newer' },
  ],
};

describe('a mutant is found:', () => {
  test.each([
    ['overrides in another order', 'policy_items', 'ORDER BY o.created_in', 'ORDER BY o.starts_at'],
    ['an export without shadow', 'policy_items', ' OR c.shadow', ''],
    [
      'an export that leaves out retired plans',
      'policy_items',
      'FROM rollgate.plan p',
      'FROM rollgate.plan p WHERE p.retired_at IS NULL',
    ],
    ['a start in the past that becomes now', 'new_override', 'v_new.starts_at IS NULL OR NOT v_backdated', 'true'],
  ])('%s', async (_, routine, from, to) => {
    await roundTrip(FIXED);
    await expect(roundTrip(FIXED, { routine, from, to })).rejects.toThrow(/toEqual/);
  });
});
