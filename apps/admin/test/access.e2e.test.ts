/** The screen Access: who viewed an account, who exported, and who tried to sign in. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Browser } from '../../server/test/browser.js';
import { type Desk, openDesk, type Person, TEST_MS } from './desk.js';

jest.setTimeout(TEST_MS);

let desk: Desk;
let support: Person;
let auditor: Person;
beforeAll(async () => {
  desk = await openDesk();
  support = await desk.person('support');
  auditor = await desk.person('auditor');
});
afterAll(() => desk?.close());

const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

test('an auditor finds who viewed an account, what was exported, and a failed sign-in', async () => {
  const seen = await support.open({ path: '/admin/accounts/acme' });
  await seen.getByRole('heading', { name: 'acme' }).first().waitFor();
  await support.http.get('/admin/api/overrides?account=acme&format=csv');
  await new Browser(desk.service).signIn(support.login, 'not the password');

  const page = await auditor.open({ path: '/admin/access' });
  await page.getByLabel('Person or token').fill(`staff:${support.login}`);
  await row(page, 'Account viewed').getByRole('link', { name: 'acme' }).waitFor();
  await row(page, 'Account viewed').filter({ hasText: 'Live usage' }).or(row(page, 'live usage')).first().waitFor();
  await row(page, 'List exported').filter({ hasText: '0 rows' }).waitFor();
  await page.getByLabel('Action').selectOption('export');
  await row(page, 'Account viewed').waitFor({ state: 'detached' });
  expect(page.url()).toContain('action=export');

  await page.getByRole('tab', { name: 'Sign-ins' }).click();
  await page.getByLabel('Outcome').selectOption('wrong_password');
  await row(page, support.login).filter({ hasText: 'Wrong password' }).waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  expect((await download).suggestedFilename()).toBe('sign-ins.csv');
  expect(desk.trouble).toEqual([]);
});

test('support does not see the screen', async () => {
  const page = await support.open({ path: '/admin/access' });
  await page.getByText('Only auditors and admins can see this screen.').waitFor();
  expect(await page.getByRole('link', { name: 'Access', exact: true }).count()).toBe(0);
});
