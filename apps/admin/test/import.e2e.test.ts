/** Import on screen: a file with errors, the dry run, the confirmation of what falls, the import, its batch in the history, and its undo. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { axeFindings } from './axe.js';
import { type Desk, openDesk, type Person, TEST_MS } from './desk.js';
import { inDark, inPhone } from './walk.js';

jest.setTimeout(2 * TEST_MS);

let desk: Desk;
let admin: Person;
beforeAll(async () => {
  desk = await openDesk();
  admin = await desk.person('admin');
  const limits = { api: 'publish-bot', perMinute: 500, perHour: 9_000, reason: 'r' };
  await admin.http.post('/admin/api/overrides', { account: 'globex', ...limits });
});
afterAll(() => desk?.close());

const HEAD = 'account,api,per_minute,per_hour,expires_at';
const choose = async (page: Page, ...lines: string[]) =>
  await page.locator('input[type=file]').setInputFiles({
    name: 'limits.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from([HEAD, ...lines].join('\n')),
  });
const check = (page: Page) => page.getByRole('button', { name: 'Check the file' }).click();

test('a file is checked, imported and undone', async () => {
  const page = await admin.open({ path: '/admin/overrides' });
  await page.getByRole('link', { name: 'Import' }).click();
  await choose(page, 'acme,publish-bot,300,9000,30d', 'globex,publish-bot,many,,30d', 'initech,no-such-api,1,1,never');
  await check(page);
  const errors = page.getByRole('table', { name: 'Errors' });
  await errors.getByText('is required').first().waitFor();
  await page.getByLabel('Reason').fill('Winter campaign');
  await check(page);
  await errors.getByText('There is no API or group "no-such-api".').waitFor();
  expect(await errors.getByRole('row').allInnerTexts()).toEqual([
    expect.stringMatching(/Line/),
    expect.stringMatching(/3\s+per_minute\s+must be a whole number/),
    expect.stringMatching(/4\s+api\s+There is no API/),
  ]);
  expect(await page.getByRole('button', { name: /^Import \d/ }).count()).toBe(0);

  await choose(page, 'acme,publish-bot,300,9000,30d', 'globex,publish-bot,400,9000,never');
  await check(page);
  const rows = page.getByRole('table', { name: 'Overrides of the file' });
  await rows.getByText('publish-bot falls from 500 to 400 in any 60 s').waitFor();
  expect(await axeFindings(page, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).toEqual([]);
  await inDark(page, async () => {
    expect(await axeFindings(page, { runOnly: { type: 'rule', values: ['color-contrast'] } })).toEqual([]);
  });
  await inPhone(page, async () => {
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
  const go = page.getByRole('button', { name: 'Import 2 overrides' });
  await go.click();
  await page.getByText('Check this box to save').waitFor();
  await page.getByLabel('Lower these limits').check();
  await go.click();
  await page.getByText('2 overrides imported').waitFor();

  await page.getByRole('link', { name: 'Show in history' }).click();
  await page.getByRole('button', { name: 'Undo batch…' }).click();
  const undo = page.getByRole('dialog', { name: /^Undo bat_/ });
  await undo.getByText('This reverts 2 changes for 2 accounts').waitFor();
  await undo.getByLabel('Reason').fill('Wrong file');
  await undo.getByRole('button', { name: 'Undo batch' }).click();
  await undo.waitFor({ state: 'detached' });
  await page.getByText('Override change undone').first().waitFor();
  expect((await admin.http.get('/admin/api/overrides')).body).toMatchObject({
    items: [{ account: 'globex', perMinute: 500 }],
  });
  expect(desk.trouble).toEqual([]);
});
