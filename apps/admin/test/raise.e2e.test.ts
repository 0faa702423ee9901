/** A customer is denied at 2 a.m.: from the call for help to a call that goes through, and back. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { calls, type Desk, inHours, openDesk, type Person, TEST_MS, until } from './desk.js';
import { post } from './team.js';

jest.setTimeout(TEST_MS);

let desk: Desk;
let support: Person;

beforeAll(async () => {
  desk = await openDesk();
  support = await desk.person('support');
});
afterAll(() => desk?.close());

test('denied, raised from the gauge, allowed on all instances, undone', async () => {
  expect(await calls(desk.limiter, 65)).toBe(60);
  const page = await support.open();
  await page.getByRole('combobox', { name: /Find/ }).fill('acme');
  await page.getByRole('option', { name: /acme/ }).first().click();
  await page.getByRole('heading', { level: 1, name: 'acme' }).waitFor();
  await page.getByText(/allowed in \d+ s/).waitFor();

  await page.getByRole('link', { name: /^Raise Publish bot/i }).click();
  const drawer = page.getByRole('dialog', { name: 'Raise a limit of acme' });
  await drawer.getByText(/Would have avoided 5 of 5 denials/).waitFor();
  await drawer.getByText(/You may grant up to 600 in 60 s/).waitFor();
  await drawer.getByLabel('Reason').fill('Launch of their campaign');
  await drawer.getByLabel('Ticket').fill('SUP-1');
  await drawer.getByRole('button', { name: 'Raise' }).click();
  await page.getByText(/In force on all instances \(2 of 2\)/).waitFor();
  expect(await calls(desk.limiter, 1)).toBe(1);
  await page
    .getByText(/expires in/)
    .first()
    .waitFor();

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undone: the override has ended.').waitFor();
  await until(async () => (await calls(desk.limiter, 1)) === 0);
  expect(desk.trouble).toEqual([]);
});

const drawerOf = (page: Page) => page.getByRole('dialog', { name: /^Raise a limit of/ });

test('the whole account is raised by a factor: no API falls, and every one says from what to what', async () => {
  await calls(desk.limiter, 1, { account: 'wide' });
  const page = await support.open({ path: '/admin/accounts/wide?raise=wide' });
  const drawer = drawerOf(page);
  const changes = drawer.getByRole('region', { name: 'Before and after' });
  await changes.getByText('70 APIs').waitFor();
  expect(await changes.getByText('lower', { exact: true }).count()).toBe(0);
  await drawer.getByLabel('Reason').fill('Peak season');
  await drawer.getByRole('button', { name: 'Raise' }).click();
  await page.getByText('Limit raised').waitFor();
  const { rows } = await desk.database.pool.query(
    `SELECT factor, per_minute, per_hour FROM rollgate.override WHERE account = 'wide'`,
  );
  expect(rows).toEqual([{ factor: '2', per_minute: null, per_hour: null }]);

  // The next raise starts above the factor in force.
  await page.goto(`${desk.service.server.url}/admin/accounts/wide?raise=wide`);
  await drawer.getByLabel('Factor').waitFor();
  expect(await page.locator('[data-raise=factor]').inputValue()).toBe('5');
  await page.context().close();
});

test('a raise over an override in force starts from it; what gets lower has to be confirmed', async () => {
  await calls(desk.limiter, 1, { account: 'over' });
  const spec = { account: 'over', api: 'publish-bot', perMinute: 300, perHour: 9_000, reason: 'x' };
  await post(support, 'overrides', { ...spec, expiresAt: inHours(24) });
  const page = await support.open({ path: '/admin/accounts/over?raise=over&raiseApi=publish-bot' });
  const drawer = drawerOf(page);
  await drawer.locator('[data-effect]').waitFor();
  expect(await drawer.getByLabel('In any 60 s').inputValue()).toBe('600');
  expect(await drawer.getByLabel('In any hour').inputValue()).toBe('18,000');
  await drawer.getByLabel('In any 60 s').fill('120');
  await drawer.getByText('This lowers limits that are in force').waitFor();
  await drawer.getByText('300 → 120 in any 60 s').waitFor();
  await drawer.getByLabel('Reason').fill('They asked for less');
  await drawer.getByRole('button', { name: /Raise|Lower/ }).click();
  await drawer.getByText('Confirm it to save').waitFor();
  await drawer.getByLabel('Lower them').check();
  await drawer.getByRole('button', { name: /Raise|Lower/ }).click();
  await page.getByText('Limits changed, some are lower').waitFor();
  await page.context().close();
});

test('a change and an approval that lower are refused with what falls, then done', async () => {
  await calls(desk.limiter, 1, { account: 'less' });
  const spec = { account: 'less', api: 'publish-bot', perMinute: 300, perHour: 9_000, reason: 'x' };
  const made = await post(support, 'overrides', { ...spec, expiresAt: inHours(24) });
  const page = await support.open({ path: `/admin/overrides?edit=${made['override'].id}` });
  const drawer = page.getByRole('dialog', { name: /Override/ });
  await drawer.getByText('When it ends, now or at its time:').waitFor();
  await drawer.getByText('300 → 60 in any 60 s').waitFor();
  await drawer.getByLabel('In any 60 s').fill('200');
  await drawer.getByLabel('Reason').fill('Less is enough');
  await drawer.getByRole('button', { name: 'Save' }).click();
  await drawer.getByText('300 → 200 in any 60 s').waitFor();
  await drawer.getByRole('button', { name: 'Lower them' }).click();
  await page.getByText(/ changed$/).waitFor();

  const other = await desk.person('support');
  const ask = { account: 'less', api: 'publish-bot', perMinute: 100, until: inHours(5), reason: 'x' };
  const { request } = await post(other, 'requests', ask);
  await page.goto(`${desk.service.server.url}/admin/requests?id=${request.id}&do=approve`);
  const approve = page.getByRole('dialog', { name: /Approve/ });
  await approve.getByRole('button', { name: 'Approve' }).click();
  await approve.getByText('200 → 100 in any 60 s').waitFor();
  await approve.getByRole('button', { name: 'Lower them' }).click();
  await page.getByText(`${request.id} approved`).waitFor();
  expect(desk.trouble).toEqual([]);
  await page.context().close();
});
