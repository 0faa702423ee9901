/** The APIs do what they claim: written data can be read in its place, and only there. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startPlatform, type TestPlatform } from './start-platform.js';

let it: TestPlatform;
beforeAll(async () => {
  it = await startPlatform();
});
afterAll(() => it.stop());

const send = async (call: string, body?: unknown, account = 'acme') => {
  const [method = '', path = ''] = call.split(' ');
  const answer = await it.call(method, `/api/public/${path}`, { body, account });
  return { status: answer.status, ...answer.body };
};

test('rows are inserted, read, changed and deleted by their columns', async () => {
  const first = await send('POST tables/t/rows', { data: { order: 'A-1', state: 'open', lines: [{ sku: 1 }] } });
  expect(first).toMatchObject({ status: 201, rowId: expect.any(String) });
  expect(
    await send('POST tables/t/rows/bulk', {
      rows: [
        { order: 'A-2', state: 'open' },
        { order: 'A-3', state: 'paid' },
      ],
    }),
  ).toMatchObject({ inserted: 2 });
  expect(
    await send('PUT tables/t/rows', { filter: { state: 'open' }, set: { state: 'sent', by: 'post' } }),
  ).toMatchObject({ status: 200, updated: 2 });
  expect(await send('DELETE tables/t/rows', { filter: { order: 'A-3' } })).toMatchObject({ deleted: 1 });
  const { rows, hasMore } = (await send('GET tables/t/rows')) as unknown as {
    rows: { data: unknown }[];
    hasMore: boolean;
  };
  expect(hasMore).toBe(false);
  expect(rows.map(({ data }) => data)).toEqual([
    { order: 'A-1', state: 'sent', by: 'post', lines: [{ sku: 1 }] },
    { order: 'A-2', state: 'sent', by: 'post' },
  ]);
  expect(await send('GET tables/t/view?columns=order,price&limit=1')).toMatchObject({
    rows: [{ order: 'A-2', price: null }],
    hasMore: true,
  });
  expect(await send('GET tables/another/rows')).toMatchObject({ rows: [] });
});

test('a change without a filter is refused', async () => {
  expect(await send('DELETE tables/t/rows', { filter: {} })).toMatchObject({
    status: 400,
    message: 'filter: names at least one column',
  });
  expect(await send('DELETE tables/t/rows')).toMatchObject({ status: 400 });
});

test('changes of the same rows at once wait for each other', async () => {
  await send('POST tables/busy/rows/bulk', { rows: Array.from({ length: 500 }, (_, i) => ({ i, all: true })) });
  const change = (n: number) => send('PUT tables/busy/rows', { filter: { all: true }, set: { n } });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => change(n)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
});

test('users are created, listed, changed and removed', async () => {
  await send('POST users', { users: [{ email: 'Ada@Example.com', firstName: 'Ada', lastName: 'Byron' }] }, 'users');
  expect(await send('PUT users', { email: 'ada@example.com', lastName: 'Lovelace' }, 'users')).toMatchObject({
    firstName: 'Ada',
    lastName: 'Lovelace',
  });
  await send('PUT users/bot-roles', { email: 'ada@example.com', roles: ['bot-tester'] }, 'users');
  await send('PUT users/admin-roles', { email: 'ada@example.com', roles: ['account-admin'] }, 'users');
  await send('PUT users/access', { email: 'ada@example.com', access: 'disabled' }, 'users');
  expect(await send('GET users', undefined, 'users')).toMatchObject({
    users: [
      {
        email: 'ada@example.com',
        lastName: 'Lovelace',
        access: 'disabled',
        botRoles: ['bot-tester'],
        adminRoles: ['account-admin'],
      },
      { email: 'admin@example.com' },
    ],
  });
  expect(await send('GET groups', undefined, 'users')).toMatchObject({
    groups: [{ members: ['ada@example.com', 'admin@example.com'] }],
  });
  expect(await send('DELETE users', { emails: ['ada@example.com', 'nobody@example.com'] }, 'users')).toMatchObject({
    removed: 1,
  });
  expect(await send('PUT users', { email: 'ada@example.com', lastName: 'Gone' }, 'users')).toMatchObject({
    status: 404,
  });
  const { entries } = (await send('GET audit-logs', undefined, 'users')) as unknown as { entries: { event: string }[] };
  expect(entries.map(({ event }) => event)).toEqual(['user removed', ...Array(4).fill('user changed'), 'user saved']);
  expect(await send('GET users', undefined, 'other-users')).toMatchObject({ users: [{ email: 'admin@example.com' }] });
});

test('roles are imported and exported', async () => {
  expect(
    await send('POST roles', { roles: [{ name: 'reviewer', permissions: ['bots:read'] }] }, 'roles'),
  ).toMatchObject({ imported: 1 });
  const { roles } = (await send('GET roles/export', undefined, 'roles')) as unknown as { roles: unknown[] };
  expect(roles).toContainEqual({ name: 'reviewer', permissions: ['bots:read'] });
});

test('languages are added, disabled and configured; one the bot lacks is 404', async () => {
  await send('POST bots/lingo/languages', { language: 'fr' });
  expect(await send('PUT bots/lingo/languages/disable', { language: 'fr' })).toMatchObject({
    language: 'fr',
    enabled: false,
  });
  expect(
    await send('PUT bots/lingo/languages/configuration', { language: 'fr', confidenceThreshold: 0.9 }),
  ).toMatchObject({ enabled: false, confidenceThreshold: 0.9 });
  expect(await send('PUT bots/lingo/languages/enable', { language: 'de' })).toMatchObject({ status: 404 });
});

test('a bot recognizes what it was trained with, and its test suites show it', async () => {
  expect(await send('POST bots/clever/find-intent', { input: 'where is my parcel' })).toMatchObject({ intent: null });
  await send('POST bots/clever/utterances/imports', {
    utterances: [{ text: 'where is my order', intent: 'order-status' }],
  });
  expect(await send('POST bots/clever/find-intent', { input: 'Where is my parcel?' })).toMatchObject({
    intent: 'order-status',
    confidence: 0.6,
  });
  const cases = [
    { input: 'where is my order', expectedIntent: 'order-status' },
    { input: 'hello', expectedIntent: 'farewell' },
  ];
  await send('POST bots/clever/batch-test-suites', { suiteName: 'all', testCases: cases });
  expect(await send('GET bots/clever/batch-test-suites')).toMatchObject({
    testSuites: [{ suiteName: 'all', testCases: 2 }, { suiteName: 'smoke' }],
  });
  expect(await send('GET bots/clever/batch-test-suites/export?suiteName=all')).toMatchObject({ testCases: cases });
  const { requestId } = (await send('POST bots/clever/batch-test-executions', { suiteName: 'all' })) as {
    requestId?: string;
  };
  const { rows } = await it.database.pool.query('SELECT result FROM platform.jobs WHERE id = $1', [requestId]);
  expect(rows[0].result).toMatchObject({ total: 2, passed: 1, failedInputs: ['hello'] });
  expect(await send('DELETE bots/clever/batch-test-suites', { suiteName: 'all' })).toMatchObject({ deleted: 1 });
  expect(await send('POST bots/clever/batch-test-executions', { suiteName: 'all' })).toMatchObject({ status: 404 });
});

test('files become extractions, extractions questions, questions FAQs', async () => {
  const { fileId } = (await send('POST bots/faq/files', { fileName: 'help.txt', content: 'Help' })) as {
    fileId?: string;
  };
  const extraction = await send('POST bots/faq/extractions', { name: 'Help', source: { type: 'file', fileId } });
  const { extractionId } = extraction as { extractionId?: string };
  expect(await send(`GET bots/faq/extractions/questions?extractionId=${extractionId}`)).toMatchObject({
    questions: [{ question: 'What is help?' }, {}, {}],
  });
  expect(await send('GET bots/faq/extractions')).toMatchObject({
    extractions: [{ extractionId, status: 'completed' }],
  });
  await send('POST bots/faq/faqs', { questions: [{ question: 'What is help?', answer: 'This.' }] });
  expect(await send('GET bots/faq/faqs')).toMatchObject({ faqs: [{ question: 'What is help?', answer: 'This.' }] });
  expect(await send('GET bots/faq/knowledge-tasks')).toMatchObject({ knowledgeTasks: [{ faqs: 1 }] });
});

test("a customer's data is really deleted, in all bots of the account and in no other account", async () => {
  const notification = { userId: 'u-1', message: 'Sent.' };
  await send('POST bots/n-1/notifications', notification);
  await send('POST bots/n-2/notifications', notification);
  await send('POST bots/n-3/notifications', notification, 'neighbour');
  await send('POST customer-data-deletions', { userIds: ['u-1'] });
  const { rows } = await it.database.pool.query(`SELECT account FROM platform.documents WHERE kind = 'notification'`);
  expect(rows).toEqual([{ account: 'neighbour' }]);
});

test('analytics of a bot are always the same, and differ between bots', async () => {
  const apis = [
    'conversations',
    'conversations/summary',
    'conversations/details',
    'sessions',
    'debug-logs',
    'analytics',
    'analytics/feedback',
    'analytics/engagement',
    'analytics/widgets',
  ];
  for (const path of apis) {
    const story = await send(`GET bots/storied/${path}`);
    expect(story.status).toBe(200);
    expect(await send(`GET bots/storied/${path}`)).toEqual(story);
    expect(await send(`GET bots/other-story/${path}`)).not.toEqual(story);
  }
  expect(await send('GET bots/storied/changelogs')).toMatchObject({ changes: [] });
});
