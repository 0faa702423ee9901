/** "Which limit applies?" on the account's page, and "What if" from the catalogue's dialog to a subject. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { calls, makeOverride } from '../../server/test/admin-traffic.js';
import { type Desk, openDesk, type Person, TEST_MS } from './desk.js';

jest.setTimeout(TEST_MS);

let desk: Desk;
let admin: Person;
beforeAll(async () => {
  desk = await openDesk();
  admin = await desk.person('admin');
  await calls(desk.limiter, 20);
  await calls(desk.limiter, 5, { account: 'globex' });
});
afterAll(() => desk?.close());

test('a person sees why no other rule applies', async () => {
  const { http } = admin;
  const applying = await makeOverride(http as never, { perMinute: 90 });
  await makeOverride(http as never, { api: null, perMinute: null, factor: 3 });
  const page = await admin.open({ path: '/admin/accounts/acme' });
  await page.getByRole('link', { name: /Which limit applies\? Publish bot/i }).click();
  const drawer = page.getByRole('dialog', { name: 'Which limit applies?' });
  await drawer.getByText(`It is less specific than ${applying['id']}.`).waitFor();
  const rules = await drawer.getByRole('row').allInnerTexts();
  expect(rules.map((text) => text.split(/\s/)[0])).toEqual(['Rule', 'Override', 'Override', 'Default']);
  expect(rules[1]).toContain('Applies');
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  expect(desk.trouble).toEqual([]);
});

test('the catalogue’s dialog leads to what a change would have denied, by account and by subject', async () => {
  const page = await admin.open({ path: '/admin/catalogue?edit=publish-bot' });
  const dialog = page.getByRole('dialog', { name: /Default limits of/ });
  await dialog.getByLabel('Limit in any 60 s').fill('10');
  await dialog.getByRole('link', { name: 'What would this change touch?' }).click();
  const table = page.getByRole('table', { name: 'Effect' });
  // The override of acme keeps its own minute limit.
  await table.getByText('globex').waitFor();
  await page.getByLabel('Limit in any 60 s').fill('2');
  await page.getByRole('button', { name: 'Show the effect' }).click();
  await page.getByText('3 of 5 allowed calls would have been denied').waitFor();
  await table.getByRole('link', { name: '1 of 1 affected' }).click();
  await table.getByText('publish-bot, bot b-1').waitFor();
  expect(await table.getByRole('row').last().textContent()).toContain('2 in 60 s');

  await page.getByText('Override', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Account' }).fill('acme');
  await page.getByLabel('Limit in any 60 s').fill('');
  await page.getByLabel('Limit in any hour').fill('');
  await page.getByLabel('Or a multiple of each API’s default').fill('0.1');
  await page.getByRole('button', { name: 'Show the effect' }).click();
  await page.getByText('14 of 20 allowed calls would have been denied').waitFor();
  expect(desk.trouble).toEqual([]);
});
