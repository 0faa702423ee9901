/** Lists of APIs and names of applications that `rollgate.register_catalogue` refuses. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { api, registerCatalogue } from './catalogue-author.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const register = (application: string, apis: unknown) => registerCatalogue(database.pool, { application, apis });

describe('a list that is refused', () => {
  test.each<[string, unknown]>([
    ['no list', { login: {} }],
    ['an ID with capitals', [api('Login')]],
    ['no ID', [{ ...api('x'), api: null }]],
    ['no title', [api('login', { title: '' })]],
    ['no message', [api('login', { message: null })]],
    ['an empty level', [api('login', { level: [] })]],
    ['nine dimensions', [api('login', { level: [...'abcdefghi'] })]],
    ['a dimension twice', [api('login', { level: ['bot', 'bot'] })]],
    ['a dimension with a dot', [api('login', { level: ['bot.id'] })]],
    ['an unknown scope', [api('login', { scope: 'all' })]],
    ['a limit below 0', [api('login', { shipped_per_minute: -1 })]],
    ['a limit above a billion', [api('login', { shipped_per_hour: 1_000_000_001 })]],
    ['no limit', [api('login', { shipped_per_hour: null })]],
    ['an API twice', [api('login'), api('login')]],
    ['10,001 APIs', Array.from({ length: 10_001 }, (_, i) => api(`a${i}`))],
  ])('%s', async (_, apis) => {
    await expect(register('shop', apis)).rejects.toMatchObject({ code: 'RG422' });
    const { rows } = await database.pool.query('SELECT api FROM rollgate_audit.catalogue_v1');
    expect(rows).toEqual([]);
  });

  test.each(['', 'my shop', 'x'.repeat(65), 'file:'])('the name of an application: "%s"', async (name) => {
    await expect(register(name, [])).rejects.toMatchObject({ code: 'RG422' });
  });

  test('the placeholder for the applications of 0.1.0 may give its APIs up, and register none', async () => {
    await expect(register('(before 0.2.0)', [api('login')])).rejects.toMatchObject({ code: 'RG422' });
    await expect(register('(before 0.2.0)', [])).resolves.toEqual([]);
  });

  test.each(['shop', '@acme/shop-api', 'file:limits', 'a.b_c-1'])('"%s" is a name of an application', async (name) => {
    await expect(register(name, [api('login')])).resolves.toHaveLength(1);
  });
});
