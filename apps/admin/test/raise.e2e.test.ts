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

test('extra units are added to the limits of an API until an end, and shown in the lists, the override and the history', async () => {
  await calls(desk.limiter, 1, { account: 'plus' });
  const page = await support.open({ path: '/admin/accounts/plus?raise=plus&raiseApi=publish-bot' });
  const drawer = drawerOf(page);
  await drawer.getByText('Extra units', { exact: true }).click();
  expect(await drawer.getByText('Never', { exact: true }).count()).toBe(0);
  expect(await drawer.getByRole('radio', { name: '1 h' }).isChecked()).toBe(true);
  await drawer.getByLabel('Reason').fill('Their queue is blocked');
  await drawer.getByRole('button', { name: 'Set custom limit' }).click();
  await drawer.getByText('Enter at least one number of units').waitFor();
  await drawer.getByLabel('Extra units in any hour').fill('20000');
  await drawer.getByText('Above your approval limit').waitFor();
  await drawer.getByLabel('Extra units in any hour').fill('500');
  await drawer.getByText('2,300', { exact: true }).waitFor();
  await drawer.getByText('Above your approval limit').waitFor({ state: 'detached' });
  await drawer.getByRole('button', { name: 'Set custom limit' }).click();
  await page.getByText('Custom limit set').waitFor();
  const { rows } = await desk.database.pool.query(
    `SELECT id, extra_minute, extra_hour, expires_at < now() + interval '61 minutes' AS ends_soon
     FROM rollgate.override WHERE account = 'plus'`,
  );
  expect(rows).toMatchObject([{ extra_minute: null, extra_hour: 500, ends_soon: true }]);
  await page.getByRole('table', { name: 'Overrides in force' }).getByText('+500 per hour').waitFor();

  await page.goto(`${desk.service.server.url}/admin/overrides?account=plus&edit=${rows[0].id}`);
  const override = page.getByRole('dialog', { name: /Override/ });
  await override.getByText('2,300 → 1,800 in any hour').waitFor();
  await override.getByLabel('Extra units in any hour').fill('600');
  await override.getByLabel('Reason').fill('A little more');
  await override.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/ changed$/).waitFor();
  await page.goto(`${desk.service.server.url}/admin/history?target=${rows[0].id}`);
  await page.getByText('+600 per hour').first().waitFor();
  expect(desk.trouble).toEqual([]);
  await page.context().close();
});

test('a denied account has its windows reset from its gauge, and the history says what was forgiven', async () => {
  expect(await calls(desk.limiter, 65, { account: 'again' })).toBe(60);
  const page = await support.open({ path: '/admin/accounts/again' });
  await page.getByRole('button', { name: /^Reset windows of Publish bot/i }).click();
  const dialog = page.getByRole('dialog', { name: 'Reset windows for again?' });
  await dialog.getByText(/This forgives 60 units in 60 s and 60 units in 1 h/).waitFor();
  await dialog.getByRole('button', { name: 'Reset windows' }).click();
  await dialog.getByText('Enter a reason').waitFor();
  await dialog.getByLabel('Reason').fill('Their test ran wild');
  await dialog.getByRole('button', { name: 'Reset windows' }).click();
  await page.getByText('60 units in 60 s and 60 units in 1 h are forgiven.').waitFor();
  await until(async () => (await calls(desk.limiter, 1, { account: 'again' })) === 1, {
    what: 'a call is allowed again',
  });
  await page.goto(`${desk.service.server.url}/admin/history?account=again`);
  await page.getByText('Windows reset').waitFor();
  await page.getByText('again/publish-bot/bot=b-1').first().waitFor();
  expect(desk.trouble).toEqual([]);
  await page.context().close();
});
