/**
 * Everything that support and auditors do, for applications with their own catalogue: once with the sample, and once with
 * three groups that the service has never heard of. The service registers nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Catalogue } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import { inHours, type Json, path } from './admin-traffic.js';
import { type Browser, browserOf } from './browser.js';
import { CATALOGUE_CASES, type CountedSubject } from './catalogue-cases.js';
import { type OwnApplication, startApplication } from './own-application.js';
import { rollgateHere } from './run-rollgate.js';
import { startService, type TestService } from './start-service.js';

describe.each(CATALOGUE_CASES)('%s', (_, catalogue, application, subjects) => {
  let database: TestDatabase;
  let service: TestService;
  let shop: OwnApplication;
  let support: Browser;
  let admin: Browser;

  beforeAll(async () => {
    database = await createTestDatabase();
    // The service comes first: it knows nothing of the catalogue until the application starts.
    service = await startService({ databaseUrl: database.url, catalogue: null });
    shop = await startApplication({ databaseUrl: database.url, catalogue, application });
    support = await browserOf(service, 'support');
    admin = await browserOf(service, 'admin');
  });
  afterAll(async () => {
    await shop?.close();
    await service?.server.close();
    await database?.drop();
  });

  const get = async (rest: string): Promise<Json> => {
    const answer = await support.get(path(rest));
    expect({ rest, status: answer.status }).toEqual({ rest, status: 200 });
    return answer.body as Json;
  };
  const accountOf = ({ api }: CountedSubject) => `acme-${api}`;
  const byOf = (subject: CountedSubject) => ({ account: accountOf(subject), dimensions: subject.dimensions });
  const hasDimensions = ({ dimensions }: CountedSubject) => Object.keys(dimensions).length > 0;

  test('the database has the catalogue of the application and nothing else', async () => {
    const { rows } = await database.pool.query('SELECT api, owners FROM rollgate_audit.catalogue_v1');
    expect(rows).toHaveLength(catalogue.size);
    expect(rows.every(({ owners }) => owners.length === 1 && owners[0] === application)).toBe(true);
    const { groups } = await get('catalogue');
    expect(groups.flatMap(({ apis }: Json) => apis)).toHaveLength(catalogue.size);
  });

  describe.each(subjects.map((subject) => [subject.api, subject] as const))('%s', (api, subject) => {
    let denialId = '';

    test('the guard allows exactly the limit, and denies with the message of the API', async () => {
      for (let i = 0; i < subject.perMinute; i++) expect((await shop.call(api, byOf(subject))).status).toBe(200);
      const denied = await shop.call(api, byOf(subject));
      expect(denied).toMatchObject({ status: 429, body: { message: subject.message } });
      denialId = String(denied.body['denialId']);
    });

    test('the account page shows its usage by names', async () => {
      const { items } = await get(`accounts/${accountOf(subject)}/usage`);
      expect(items).toMatchObject([
        {
          apiTitle: subject.title,
          groupTitle: subject.groupTitle,
          countedTogether: subject.scope.startsWith('@'),
          dimensions: subject.dimensions,
          windows: { minute: { used: subject.perMinute, limit: subject.perMinute } },
        },
      ]);
      const strip = await get(`accounts/${accountOf(subject)}/strip`);
      expect(strip['series']).toMatchObject([
        { title: subject.scope.startsWith('@') ? subject.groupTitle : subject.title },
      ]);
      expect(strip['limit']).toMatchObject({ perMinute: subject.perMinute });
    });

    test('the command line shows the same usage, and writes nothing', async () => {
      const stored = async () => {
        const { rows } = await database.pool.query(
          'SELECT (SELECT count(*) FROM rollgate.history) AS history, (SELECT policy_version FROM rollgate.ledger) AS version',
        );
        return rows[0];
      };
      const before = await stored();
      const { stdout, code } = await rollgateHere(['account', 'show', accountOf(subject)], database.url);
      expect(code).toBe(0);
      expect(stdout).toContain(`${subject.perMinute}/${subject.perMinute} a minute`);
      expect(await stored()).toEqual(before);
    });

    test('it is near its limit', async () => {
      const { items } = await until(
        async () => {
          const found = await get('near-limit?least=80');
          return found['items'].some(({ account }: Json) => account === accountOf(subject)) && found;
        },
        { what: 'the subject is near its limit' },
      );
      expect(items.find(({ account }: Json) => account === accountOf(subject))).toMatchObject({
        apiTitle: subject.title,
        groupTitle: subject.groupTitle,
        countedTogether: subject.scope.startsWith('@'),
        dimensions: subject.dimensions,
        percent: 100,
      });
    });

    test('the denial is listed, counted, found and explained', async () => {
      const listed = await until(async () => (await get(`limit-events?account=${accountOf(subject)}`))['items'][0], {
        what: 'the denial is written',
      });
      expect(listed).toMatchObject({
        api,
        apiTitle: subject.title,
        group: subject.group,
        dimensions: subject.dimensions,
      });
      const explained = await get(`denials/${denialId}`);
      expect(explained['sentence']).toContain(`of the ${subject.perMinute} units allowed in any 60 seconds`);
      expect((await get(`find?q=${encodeURIComponent(denialId)}`))['items']).toMatchObject([
        { account: accountOf(subject) },
      ]);
      for (const value of Object.values(subject.dimensions)) {
        const { items } = await get(`find?q=${encodeURIComponent(value)}`);
        expect(items).toContainEqual(expect.objectContaining({ account: accountOf(subject) }));
      }
      expect((await rollgateHere(['explain', denialId], database.url)).stdout).toContain(accountOf(subject));
      const { rows } = await database.pool.query(
        'SELECT api, group_id FROM rollgate_audit.limit_events_v1 WHERE account = $1',
        [accountOf(subject)],
      );
      expect(rows).toEqual([{ api, group_id: subject.group }]);
    });

    test('a custom limit of the subject is previewed, set, in force, and named as the source', async () => {
      const scope = {
        account: accountOf(subject),
        api,
        ...(hasDimensions(subject) ? { dimensions: subject.dimensions } : {}),
        perMinute: subject.perMinute + 2,
        expiresAt: inHours(1),
      };
      const preview = await support.post(path('overrides/preview'), scope);
      expect(preview).toMatchObject({
        status: 200,
        body: { default: { perMinute: subject.perMinute }, lastHour: { denied: 1, avoided: 1 } },
      });
      const made = await support.post(path('overrides'), { ...scope, reason: 'launch' });
      expect(made.status).toBe(201);
      const { id } = (made.body as Json)['override'];
      await until(async () => (await shop.call(api, byOf(subject))).status === 200, {
        what: 'the custom limit is in force',
      });
      const { items } = await get(`accounts/${accountOf(subject)}/usage`);
      expect(items).toMatchObject([{ source: id, windows: { minute: { limit: subject.perMinute + 2 } } }]);
      const { rows } = await database.pool.query(
        'SELECT id, default_per_minute FROM rollgate_audit.overrides_in_force_v1 WHERE account = $1',
        [accountOf(subject)],
      );
      expect(rows).toEqual([{ id, default_per_minute: subject.perMinute }]);
    });

    test('decisions over HTTP share its counts and its message', async () => {
      const made = await admin.post(path('tokens'), { name: `gateway-${api}`, permissions: ['decisions.write'] });
      const { secret } = made.body as Json;
      const ask = async () => {
        const answer = await service.call('/api/decisions', {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({ api, ...byOf(subject) }),
        });
        return answer.body;
      };
      // One unit of the custom limit is left.
      expect(await ask()).toMatchObject({ allowed: true, group: subject.group, message: null });
      expect(await ask()).toMatchObject({ allowed: false, deniedBy: 'minute', message: subject.message });
    });

    test('an admin edits its default limit', async () => {
      const { groups } = await get('catalogue');
      const entry = groups.flatMap(({ apis }: Json) => apis).find((one: Json) => one['api'] === api);
      const changed = await admin.patch(
        path(`catalogue/${api}`),
        { perMinute: subject.perMinute + 1, reason: 'a better default' },
        { 'if-match': `"${entry.version}"` },
      );
      expect(changed).toMatchObject({ status: 200, body: { api: { edited: true, owners: [application] } } });
      await shop.limiter.refreshPolicy();
      const other = { account: `other-${api}`, api, dimensions: subject.dimensions };
      expect((await shop.limiter.limitsOf(other)).limits.perMinute).toBe(subject.perMinute + 1);
    });
  });

  test('an API that the application registers while the service runs is known at once', async () => {
    const more = new Catalogue([
      {
        id: 'late',
        title: 'Late',
        level: ['user'],
        limits: { perMinute: 1, perHour: 9 },
        apis: [{ id: 'late-api', title: 'Late API' }],
      },
    ]);
    const late = await startApplication({
      databaseUrl: database.url,
      catalogue: more,
      application: 'late-application',
    });
    try {
      const scope = {
        account: 'acme',
        api: 'late-api',
        dimensions: { user: 'ann' },
        perMinute: 9,
        expiresAt: inHours(1),
      };
      expect((await support.post(path('overrides/preview'), scope)).status).toBe(200);
      expect((await support.post(path('overrides'), { ...scope, reason: 'new' })).status).toBe(201);
      expect((await late.call('late-api', { account: 'acme', dimensions: { user: 'bob' } })).status).toBe(200);
    } finally {
      await late.close();
    }
  });
});
