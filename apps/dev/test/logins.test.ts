/** Logins of programs and people, made by a superuser and by a user without that right, on each installed version. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  addLogin,
  connect,
  ensureLogin,
  type LoginState,
  makeExclusive,
  migrate,
  planExclusive,
  readLogins,
  removeLogin,
  setLoginPassword,
} from '@rollgate/migrations';
import pg from 'pg';
import { type OwnServer, queryAs, SERVER_VERSIONS, startOwnServer } from './own-server.js';

describe.each(SERVER_VERSIONS)('on Postgres %i', (major) => {
  let server: OwnServer;
  /** Connection of the user `app`, who has CREATEROLE, owns the database `production` and has migrated it. */
  let app: pg.Client;

  beforeAll(async () => {
    server = await startOwnServer(major);
    await server.query(`CREATE ROLE app LOGIN CREATEROLE PASSWORD 'app'`);
    for (const name of ['production', 'staging']) {
      await server.query(`CREATE DATABASE ${name} OWNER app`);
      await migrate({ databaseUrl: server.urlOf('app', name) });
    }
    app = await connect({ databaseUrl: server.urlOf('app', 'production') });
  }, 120_000);
  afterAll(async () => {
    await app?.end();
    await server?.stop();
  });

  const urlOf = (name: string, password: string, database = 'production') =>
    Object.assign(new URL(server.urlOf(name, database)), { password }).href;

  const login = async (name: string): Promise<LoginState | undefined> =>
    (await readLogins(app)).find((found) => found.name === name);

  test('each purpose has the rights of its group and no others', async () => {
    const rights = {
      runtime: [`SELECT FROM rollgate.peek(1, ARRAY['x'])`, 'SELECT FROM rollgate.history'],
      service: ['SELECT FROM rollgate.history', 'SELECT FROM rollgate.counter'],
      auditor: ['SELECT FROM rollgate_audit.limit_events_v1', 'SELECT FROM rollgate.history'],
      maintenance: ['SELECT rollgate.maintain_events(90, 3)', `SELECT FROM rollgate.peek(1, ARRAY['x'])`],
    } as const;
    for (const [purpose, [may, mayNot]] of Object.entries(rights)) {
      const name = `my-${purpose}`;
      const url = urlOf(name, await addLogin(app, { name, purpose: purpose as keyof typeof rights }));
      await queryAs(url, may);
      await expect(queryAs(url, mayNot)).rejects.toMatchObject({ code: '42501' });
      await expect(queryAs(url, 'SET ROLE rollgate_owner')).rejects.toMatchObject({ code: '42501' });
      expect(await login(name)).toMatchObject({ as: [purpose], belongsHere: true, connects: true, canLogin: true });
      await removeLogin(app, name);
      await expect(queryAs(url, 'SELECT')).rejects.toMatchObject({ code: '28P01' });
    }
  });

  test('an auditor begins with limits, cannot change another’s, and can change only its own sessions', async () => {
    const password = await addLogin(app, { name: 'ann', purpose: 'auditor' });
    await addLogin(app, { name: 'ben', purpose: 'auditor' });
    const ann = urlOf('ann', password);
    const [row] = await queryAs(
      ann,
      `SELECT current_setting('default_transaction_read_only') AS read_only, current_setting('statement_timeout') AS statement,
              current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('TimeZone') AS zone, current_setting('search_path') AS path`,
    );
    expect(row).toEqual({ read_only: 'on', statement: '30s', idle: '15s', zone: 'UTC', path: 'rollgate_audit' });
    for (const statement of [
      `ALTER ROLE ben SET statement_timeout = 0`,
      `ALTER ROLE ben IN DATABASE production SET statement_timeout = 0`,
      `ALTER ROLE rollgate_auditor SET statement_timeout = 0`,
      `ALTER ROLE ALL SET statement_timeout = 0`,
      `ALTER DATABASE production SET statement_timeout = 0`,
    ])
      await expect(queryAs(ann, `SET default_transaction_read_only = off; ${statement}`)).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|25006)$/),
      });
    await removeLogin(app, 'ann');
    await removeLogin(app, 'ben');
  });

  test('a password can be set and changed, and is never sent to the server as text', async () => {
    await server.query(`ALTER SYSTEM SET log_statement = 'all'`);
    await server.query('SELECT pg_reload_conf()');
    await expect(addLogin(app, { name: 'short', purpose: 'runtime', password: 'x' })).rejects.toThrow(/12 to 128/);
    await expect(addLogin(app, { name: 'umlaut', purpose: 'runtime', password: 'pässword-1234' })).rejects.toThrow(
      /ASCII/,
    );
    const given = `it's "my" $secret\\ pass`;
    expect(await addLogin(app, { name: 'cy', purpose: 'runtime', password: given })).toBe(given);
    await queryAs(urlOf('cy', encodeURIComponent(given)), 'SELECT');
    const changed = await setLoginPassword(app, 'cy');
    await queryAs(urlOf('cy', changed), 'SELECT');
    await expect(queryAs(urlOf('cy', encodeURIComponent(given)), 'SELECT')).rejects.toMatchObject({ code: '28P01' });
    await ensureLogin(app, { name: 'cy', purpose: 'runtime', password: given });
    await queryAs(urlOf('cy', encodeURIComponent(given)), 'SELECT');
    await expect(ensureLogin(app, { name: 'cy', purpose: 'auditor', password: given })).rejects.toThrow(/as runtime/);
    const log = await server.log();
    expect(log).toMatch(/CREATE ROLE cy LOGIN PASSWORD/);
    for (const secret of ['$secret', changed]) expect(log).not.toContain(secret);
    await removeLogin(app, 'cy');
  });

  test('names that are taken, reserved or invalid are rejected', async () => {
    for (const name of ['app', 'rollgate_runtime', 'pg_monitor', 'A', 'a;b', '', 'a'.repeat(64)])
      await expect(addLogin(app, { name, purpose: 'runtime' })).rejects.toThrow(/already|taken|A login has/);
    await expect(removeLogin(app, 'app')).rejects.toThrow(/migrates/);
    await expect(removeLogin(app, 'postgres')).rejects.toThrow(/not a login of this database/);
    await expect(setLoginPassword(app, 'nobody')).rejects.toThrow(/not a login of this database/);
  });

  test('a login of staging can connect to production until that is closed; logins in use keep their access', async () => {
    const staging = await connect({ databaseUrl: server.urlOf('app', 'staging') });
    const password = await addLogin(staging, { name: 'staging-api', purpose: 'runtime' });
    await addLogin(app, { name: 'shop-api', purpose: 'runtime' });
    await server.query(
      `CREATE ROLE neighbour LOGIN PASSWORD 'neighbour'; CREATE ROLE bystander LOGIN PASSWORD 'bystander'`,
    );
    await server.query('CREATE SCHEMA shop AUTHORIZATION neighbour', 'production');
    const intruder = urlOf('staging-api', password);
    await queryAs(intruder, `SELECT FROM rollgate.peek(1, ARRAY['x'])`);
    expect(await login('staging-api')).toMatchObject({ belongsHere: false, connects: true });
    const plan = { database: 'production', open: true, given: ['neighbour'], closedOut: ['bystander', 'staging-api'] };
    expect(await planExclusive(app)).toEqual(plan);
    await queryAs(intruder, 'SELECT');
    expect(await makeExclusive(app)).toEqual(plan);
    await expect(queryAs(intruder, 'SELECT')).rejects.toMatchObject({ code: '42501' });
    await queryAs(urlOf('staging-api', password, 'staging'), `SELECT FROM rollgate.peek(1, ARRAY['x'])`);
    await queryAs(server.urlOf('neighbour', 'production'), 'SELECT');
    expect(await planExclusive(app)).toMatchObject({ open: false });
    await expect(removeLogin(app, 'staging-api')).rejects.toThrow(/not a login of this database/);
    await removeLogin(staging, 'staging-api');
    await removeLogin(app, 'shop-api');
    await staging.end();
  });

  test('a login that owns something is not removed, and keeps its rights', async () => {
    await addLogin(app, { name: 'owns', purpose: 'runtime' });
    await server.query('CREATE SCHEMA owned AUTHORIZATION owns', 'production');
    await expect(removeLogin(app, 'owns')).rejects.toThrow(
      /owns cannot be removed, it is used elsewhere too: owner of schema owned/,
    );
    expect(await login('owns')).toMatchObject({ belongsHere: true, as: ['runtime'] });
  });

  test('a user without the rights gets the statements to run, and nothing is changed', async () => {
    await server.query(`CREATE ROLE helper LOGIN PASSWORD 'helper'; GRANT CONNECT ON DATABASE production TO helper`);
    const helper = await connect({ databaseUrl: server.urlOf('helper', 'production') });
    try {
      const message = await addLogin(helper, { name: 'new', purpose: 'runtime' }).then(
        () => 'made',
        (error: Error) => error.message,
      );
      expect(message.split('\n')).toEqual([
        expect.stringMatching(/^helper cannot make logins yet\. Nothing was changed\./),
        '  ALTER ROLE helper CREATEROLE;',
        '  GRANT rollgate_runtime TO helper WITH ADMIN OPTION;',
        '  GRANT CONNECT ON DATABASE production TO helper WITH GRANT OPTION;',
      ]);
      await server.query(message.split('\n').slice(1).join('\n'), 'production');
      await addLogin(helper, { name: 'new', purpose: 'runtime' });
    } finally {
      await helper.end();
    }
  });
});
