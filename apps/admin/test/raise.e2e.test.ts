/** Custom limits in the browser: a denied customer gets a higher limit, and limits that fall are confirmed first. */

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import type { Page } from 'playwright-core';
import { calls, inHours } from '../../server/test/admin-traffic.js';
import { type Desk, openDesk, type Person, TEST_MS } from './desk.js';
import { post } from './team.js';

jest.setTimeout(TEST_MS);

let desk: Desk;
let support: Person;

beforeAll(async () => {
  desk = await openDesk();
  support = await desk.person('support');
});
afterAll(() => desk?.close());

test('a denied account gets a custom limit from its gauge, its next call is allowed, and Undo takes it back', async () => {
  expect(await calls(desk.limiter, 65)).toBe(60);
  const page = await support.open();
  await page.getByRole('combobox', { name: /Find/ }).fill('acme');
  await page.getByRole('option', { name: /acme/ }).first().click();
  await page.getByRole('heading', { level: 1, name: 'acme' }).waitFor();
  await page.getByText(/Allowed in \d+ s/).waitFor();

  await page.getByRole('link', { name: /^Set custom limit for Publish bot/i }).click();
  const drawer = page.getByRole('dialog', { name: 'Set custom limit for acme' });
  await drawer.getByText(/Would have avoided 5 of 5 denials/).waitFor();
  await drawer.getByText(/Your approval limit: 600 in 60 s/).waitFor();
  await drawer.getByLabel('Reason').fill('Launch of their campaign');
  await drawer.getByLabel('Ticket').fill('SUP-1');
  await drawer.getByRole('button', { name: 'Set custom limit' }).click();
  await page.getByText(/In force on all instances \(2 of 2\)/).waitFor();
  expect(await calls(desk.limiter, 1)).toBe(1);
  await page
    .getByText(/Expires in/)
    .first()
    .waitFor();

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undone: the override has expired.').waitFor();
  await until(async () => (await calls(desk.limiter, 1)) === 0, { what: 'a call is denied again' });
  expect(desk.trouble).toEqual([]);
});

const drawerOf = (page: Page) => page.getByRole('dialog', { name: /^Set custom limit for/ });

test('a factor for the whole account lowers no API, and the form shows every change', async () => {
  await calls(desk.limiter, 1, { account: 'wide' });
  const page = await support.open({ path: '/admin/accounts/wide?raise=wide' });
  const drawer = drawerOf(page);
  const changes = drawer.getByRole('region', { name: 'Before and after' });
  await changes.getByText('70 APIs').waitFor();
  expect(await changes.getByText('Lower', { exact: true }).count()).toBe(0);
  await drawer.getByLabel('Reason').fill('Peak season');
  await drawer.getByRole('button', { name: 'Set custom limit' }).click();
  await page.getByText('Custom limit set').waitFor();
  const { rows } = await desk.database.pool.query(
    `SELECT factor, per_minute, per_hour FROM rollgate.override WHERE account = 'wide'`,
  );
  expect(rows).toEqual([{ factor: '2', per_minute: null, per_hour: null }]);

  // The next custom limit starts above the factor in force.
  await page.goto(`${desk.service.server.url}/admin/accounts/wide?raise=wide`);
  await drawer.getByRole('textbox', { name: 'Multiple' }).waitFor();
  expect(await page.locator('[data-field=limit]').inputValue()).toBe('5');
  await page.context().close();
});

test('a new custom limit starts from the one in force, and lower limits must be confirmed', async () => {
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
  await drawer.getByLabel('Reason').fill('They need less');
  await drawer.getByRole('button', { name: /Set custom limit|Lower limit/ }).click();
  await drawer.getByText('Check this box to save').waitFor();
  await drawer.getByLabel('Lower these limits').check();
  await drawer.getByRole('button', { name: /Set custom limit|Lower limit/ }).click();
  await page.getByText('Custom limit set; some limits are lower').waitFor();
  await page.context().close();
});

test('a change and an approval that lower limits are refused with the list of them, then confirmed', async () => {
  await calls(desk.limiter, 1, { account: 'less' });
  const spec = { account: 'less', api: 'publish-bot', perMinute: 300, perHour: 9_000, reason: 'x' };
  const made = await post(support, 'overrides', { ...spec, expiresAt: inHours(24) });
  const page = await support.open({ path: `/admin/overrides?edit=${made['override'].id}` });
  const drawer = page.getByRole('dialog', { name: /Override/ });
  await drawer.getByText('When it expires, now or later, these limits fall:').waitFor();
  await drawer.getByText('300 → 60 in any 60 s').waitFor();
  await drawer.getByLabel('In any 60 s').fill('200');
  await drawer.getByLabel('Reason').fill('Less is enough');
  await drawer.getByRole('button', { name: 'Save' }).click();
  await drawer.getByText('300 → 200 in any 60 s').waitFor();
  await drawer.getByRole('button', { name: 'Lower these limits' }).click();
  await page.getByText(/ changed$/).waitFor();

  const other = await desk.person('support');
  const ask = { account: 'less', api: 'publish-bot', perMinute: 100, until: inHours(5), reason: 'x' };
  const { request } = await post(other, 'requests', ask);
  await page.goto(`${desk.service.server.url}/admin/requests?id=${request.id}&do=approve`);
  const approve = page.getByRole('dialog', { name: /Approve/ });
  await approve.getByRole('button', { name: 'Approve' }).click();
  await approve.getByText('200 → 100 in any 60 s').waitFor();
  await approve.getByRole('button', { name: 'Lower these limits' }).click();
  await page.getByText(`${request.id} approved`).waitFor();
  expect(desk.trouble).toEqual([]);
  await page.context().close();
});
