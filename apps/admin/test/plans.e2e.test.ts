/** Plans on screen: creating one, what a change touches, assigning it from the account's page, and ending it. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { calls } from '../../server/test/admin-traffic.js';
import { type Desk, openDesk, type Person, TEST_MS } from './desk.js';

jest.setTimeout(TEST_MS);

let desk: Desk;
let admin: Person;
beforeAll(async () => {
  desk = await openDesk();
  admin = await desk.person('admin');
  await calls(desk.limiter, 3);
});
afterAll(() => desk?.close());

const dialog = (page: Page, name: RegExp) => page.getByRole('dialog', { name });

test('an admin creates a plan, assigns it to an account, lowers it after a confirmation, and ends it', async () => {
  const page = await admin.open({ path: '/admin/plans' });
  await page.getByRole('link', { name: 'Create plan' }).click();
  const create = dialog(page, /Create plan/);
  await create.getByLabel('ID').fill('pro');
  await create.getByLabel('Title').fill('Pro');
  await create.getByLabel('× default').fill('3');
  await create.getByText(/This changes the limits of \d+ APIs/).waitFor();
  await create.getByLabel('Reason').fill('Price list');
  await create.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('link', { name: 'Pro', exact: true }).waitFor();

  await page.goto(`${desk.service.server.url}/admin/accounts/acme`);
  await page.getByRole('button', { name: 'Assign plan' }).click();
  const assign = dialog(page, /Plan of acme/);
  await assign.getByRole('combobox', { name: 'Plan' }).click();
  await page.getByRole('option', { name: 'Pro' }).click();
  await assign.getByLabel('Reason').fill('Signed the contract');
  await assign.getByRole('button', { name: 'Assign' }).click();
  await page.getByRole('link', { name: 'Pro', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Plan pro' }).waitFor();

  await page.goto(`${desk.service.server.url}/admin/plans?edit=pro`);
  const edit = dialog(page, /Plan Pro/);
  await edit.getByLabel('× default').fill('2');
  await edit.getByText(/for 1 assigned account\./).waitFor();
  await edit.getByLabel('Reason').fill('New prices');
  await edit.getByRole('button', { name: 'Save' }).click();
  await edit.getByRole('button', { name: 'Lower these limits' }).click();
  await edit.waitFor({ state: 'detached' });
  expect((await admin.http.get('/admin/api/plans/pro')).body).toMatchObject({ limits: [{ factor: 2 }], version: 2 });

  await page.goto(`${desk.service.server.url}/admin/plans?show=pro`);
  await dialog(page, /Plan Pro/)
    .getByRole('link', { name: 'acme' })
    .click();
  await page.getByRole('button', { name: 'Assign plan' }).click();
  await assign.getByLabel('Reason').fill('Left');
  await assign.getByRole('button', { name: 'End Pro now' }).click();
  await assign.getByRole('button', { name: 'Lower these limits' }).click();
  await page.getByText('No plan is assigned.').waitFor();
  expect(desk.trouble).toEqual([]);
});

test('a plan is scheduled, previewed, listed as upcoming, and canceled', async () => {
  await admin.http.post('/admin/api/plans', {
    id: 'gold',
    title: 'Gold',
    limits: [{ factor: 3 }],
    reason: 'Price list',
  });
  await calls(desk.limiter, 1, { account: 'later-co' });
  const page = await admin.open({ path: '/admin/accounts/later-co' });
  await page.getByRole('button', { name: 'Assign plan' }).click();
  const assign = dialog(page, /Plan of later-co/);
  await assign.getByRole('combobox', { name: 'Plan' }).click();
  await page.getByRole('option', { name: 'Gold' }).click();
  await assign.getByText(/When it starts, this changes the limits of \d+ APIs\./).waitFor();
  await assign.getByText('At a time').click();
  expect(await assign.getByRole('button', { name: 'Assign' }).isDisabled()).toBe(true);
  await assign.getByLabel('Start', { exact: false }).last().fill('2030-01-02T09:00');
  await assign.getByLabel('Reason').fill('Contract from January on');
  await assign.getByRole('button', { name: 'Assign' }).click();
  await page.getByText(/Gold from/).waitFor();
  const upcoming = (await admin.http.get('/admin/api/plans/gold/accounts?state=upcoming')).body;
  // 09:00 of the browser's time zone, Europe/Berlin.
  expect(upcoming).toMatchObject({ items: [{ account: 'later-co', startsAt: '2030-01-02T08:00:00.000Z' }] });

  await page.goto(`${desk.service.server.url}/admin/plans?show=gold`);
  const drawer = dialog(page, /Plan Gold/);
  await drawer.getByText('No account is assigned to it now.').waitFor();
  await drawer.getByText('Upcoming').click();
  await drawer.getByRole('link', { name: 'later-co' }).click();
  await page.getByRole('button', { name: 'Assign plan' }).click();
  await assign.getByLabel('Reason').fill('They changed their mind');
  await assign.getByRole('button', { name: /Cancel Gold from/ }).click();
  await assign.getByRole('button', { name: 'Lower these limits' }).click();
  await page.getByText('Plan canceled').waitFor();
  await page.getByText(/Gold from/).waitFor({ state: 'detached' });
  expect(desk.trouble).toEqual([]);
});
