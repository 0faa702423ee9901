/** Support's daily work: reviewing limit requests, watching usage, signing in again, working without a mouse, by role. */

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import type { Page } from 'playwright-core';
import { calls, inHours } from '../../server/test/admin-traffic.js';
import { addPerson, PASSWORD } from '../../server/test/browser.js';
import { type Desk, openDesk, type Person, TEST_MS } from './desk.js';
import { post } from './team.js';

jest.setTimeout(TEST_MS);

let desk: Desk;
let support: Person;
let other: Person;

beforeAll(async () => {
  desk = await openDesk();
  support = await desk.person('support');
  other = await desk.person('support');
  // The form asks to confirm an account without traffic.
  for (const account of ['acme', 'umbrella', 'globex']) await calls(desk.limiter, 1, { account });
});
afterAll(() => desk?.close());

async function ask(account: string, by: Person = other): Promise<string> {
  const request = { account, api: 'publish-bot', perMinute: 200, until: inHours(48), reason: 'We launch on Monday.' };
  return (await post(by, 'requests', request))['request'].id;
}

const dialog = (page: Page, name: RegExp) => page.getByRole('dialog', { name });

test('a limit request is approved with another value by keyboard alone, and another one is declined with a reason', async () => {
  const [approved, declined] = [await ask('wayne'), await ask('stark')];
  const page = await support.open({ path: `/admin/requests` });
  await page.locator(`#request-${approved}`).waitFor();
  await page.keyboard.press('j');
  await page.locator(`#request-${approved}[data-chosen]`).waitFor();
  await page.keyboard.press('a');
  await dialog(page, /Approve/)
    .getByLabel('In any 60 s')
    .fill('150');
  await dialog(page, /Approve/)
    .getByRole('button', { name: 'Approve' })
    .click();
  await page.getByText(`${approved} approved`).waitFor();
  expect((await support.http.get('/admin/api/overrides?account=wayne')).body).toMatchObject({
    items: [{ perMinute: 150 }],
  });

  await page.locator(`#request-${approved}`).waitFor({ state: 'detached' });
  await page.keyboard.press('j');
  await page.locator(`#request-${declined}[data-chosen]`).waitFor();
  await page.keyboard.press('d');
  await dialog(page, /Decline/)
    .getByRole('button', { name: 'Decline' })
    .click();
  await page.getByText('Enter a reason').waitFor();
  await dialog(page, /Decline/)
    .getByLabel('Reason')
    .fill('Please spread the calls.');
  await page.keyboard.press('Tab');
  await dialog(page, /Decline/)
    .getByRole('button', { name: 'Decline' })
    .click();
  await page.getByText(`${declined} declined`).waitFor();
  await page.getByText('No open limit requests.').waitFor();
  await page.context().close();
});

test('a limit request that another person has reviewed says so, and shows its current state', async () => {
  const id = await ask('oscorp');
  const page = await support.open({ path: `/admin/requests?id=${id}&do=approve` });
  await dialog(page, /Approve/)
    .getByLabel('Answer')
    .fill('Enjoy');
  const third = await desk.person('admin');
  await post(third, `requests/${id}/decline`, { answer: 'Not now.' }, { 'if-match': '"1"' });
  await dialog(page, /Approve/)
    .getByRole('button', { name: 'Approve' })
    .click();
  await page.getByText(`was already declined by staff:${third.login}`).waitFor();
  await page.getByRole('button', { name: 'Show the current state' }).click();
  await page.getByText('No open limit requests.').waitFor();
  await page.context().close();
});

test('invisible characters, and those that reverse the text, are shown as their codes', async () => {
  const request = { account: 'way\u202ene', api: 'publish-bot', dimensions: { bot: 'b\u200b7' }, perMinute: 200 };
  const answer = await post(other, 'requests', { ...request, until: inHours(48), reason: 'No \u202elimit' });
  const page = await support.open({ path: '/admin/requests' });
  const card = page.locator(`#request-${answer['request'].id}`);
  await card.waitFor();
  const text = await card.textContent();
  for (const shown of ['way\\u{202e}ne', 'bot b\\u{200b}7', 'No \\u{202e}limit']) expect(text).toContain(shown);
  await card.getByRole('link', { name: /way/ }).click();
  await page.getByRole('heading', { name: 'way\\u{202e}ne' }).waitFor();
  await post(support, `requests/${answer['request'].id}/decline`, { answer: 'No.' }, { 'if-match': '"1"' });
  await page.context().close();
});

test('people change their own password', async () => {
  const person = await desk.person('viewer');
  const page = await person.open();
  await page.getByText(`${person.login} ▾`).click();
  await page.getByRole('menuitem', { name: 'Change password' }).click();
  const form = dialog(page, /Change your password/);
  const fill = async (current: string, password: string) => {
    await form.getByLabel('Current password').fill(current);
    await form.getByLabel('New password').fill(password);
    await form.getByRole('button', { name: 'Change password' }).click();
  };
  await fill('not my password', 'giraffe nut pylon');
  await form.getByText('The current password is wrong.').waitFor();
  await fill(PASSWORD, 'qwertyuiop12');
  await form.getByText('easy to guess').waitFor();
  await fill(PASSWORD, 'giraffe nut pylon');
  await page.getByText('Password changed').waitFor();
  await page.context().close();
});

test('gauges follow calls, and do not while paused', async () => {
  await calls(desk.limiter, 3, { account: 'live' });
  const page = await support.open({ path: '/admin/accounts/live' });
  const gauge = page.getByRole('meter', { name: /60 s/ });
  await gauge.waitFor();
  expect(await gauge.getAttribute('aria-valuenow')).toBe('3');
  await calls(desk.limiter, 7, { account: 'live' });
  await until(async () => (await gauge.getAttribute('aria-valuenow')) === '10', { what: 'the gauge shows 10' });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  expect(page.url()).toContain('paused=1');
  await calls(desk.limiter, 5, { account: 'live' });
  await page.waitForTimeout(2_500);
  expect(await gauge.getAttribute('aria-valuenow')).toBe('10');
  await page.context().close();
});

test('a custom limit above the approval limit becomes a limit request for an admin', async () => {
  const page = await support.open({ path: '/admin/accounts/acme?raise=acme&raiseApi=publish-bot' });
  const drawer = dialog(page, /Set custom limit/);
  await drawer.getByLabel('In any 60 s').fill('5000');
  await drawer.getByText('Above your approval limit').waitFor();
  await drawer.getByLabel('Reason').fill('Contract');
  await drawer.getByRole('button', { name: 'Send limit request' }).click();
  await page.getByText('Limit request sent to an admin', { exact: true }).waitFor();
  await page.context().close();
});

test.each([
  ['viewer', false, false],
  ['support', true, false],
  ['auditor', false, true],
  ['admin', true, true],
] as const)('%s sees what the role may do: set limits %s, read staff %s', async (role, setsLimits, readsStaff) => {
  await calls(desk.limiter, 1, { account: 'live' });
  const person = await desk.person(role);
  const page = await person.open({ path: '/admin/accounts/live?raise=live' });
  await page.getByRole('meter').first().waitFor();
  if (setsLimits) await page.keyboard.press('Escape');
  expect(await page.getByRole('link', { name: 'Set custom limit', exact: true }).count()).toBe(setsLimits ? 1 : 0);
  expect(await page.getByRole('link', { name: 'Staff and tokens' }).count()).toBe(readsStaff ? 1 : 0);
  await page.goto(`${desk.service.server.url}/admin/catalogue`);
  await page
    .getByRole('cell', { name: /publish-bot/ })
    .first()
    .waitFor();
  expect(await page.getByRole('link', { name: /^Edit / }).count()).toBe(role === 'admin' ? 78 : 0);
  await page.context().close();
});

test('a form is kept when the session ends, and is sent after signing in again', async () => {
  const { login } = await addPerson(desk.service, { role: 'support' });
  const context = await desk.browser.newContext({ reducedMotion: 'reduce' });
  const page = await desk.open(context, '/admin/accounts/umbrella?raise=umbrella&raiseApi=publish-bot');
  await page.getByLabel('Login').fill(login);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const drawer = dialog(page, /Set custom limit/);
  await drawer.getByLabel('Reason').fill('Typed before the session ended');
  await desk.database.pool.query('DELETE FROM rollgate.staff_session');
  await drawer.getByRole('button', { name: 'Set custom limit' }).click();
  const again = dialog(page, /Sign in again/);
  await again.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Custom limit set').waitFor();
  const { rows } = await desk.database.pool.query(`SELECT reason FROM rollgate.override WHERE account = 'umbrella'`);
  expect(rows).toEqual([{ reason: 'Typed before the session ended' }]);
  await context.close();
});

test('a custom limit is set without a mouse, and the focus returns', async () => {
  const person = await desk.person('support');
  const page = await person.open();
  await page.getByRole('combobox', { name: /Find/ }).waitFor();
  await page.keyboard.type('cyberdyne');
  await page.getByText('Nothing found for').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'cyberdyne' }).waitFor();
  await page.keyboard.press('?');
  await dialog(page, /Keyboard shortcuts/)
    .getByText('Set custom limit')
    .waitFor();
  await page.keyboard.press('Escape');
  await dialog(page, /Keyboard shortcuts/).waitFor({ state: 'detached' });
  await page.keyboard.press('r');
  await dialog(page, /Set custom limit/)
    .getByRole('radio', { name: /The whole account/ })
    .waitFor();
  await until(async () => await page.evaluate('document.activeElement.type === "radio"'), {
    what: 'a radio button has the focus',
  });
  await dialog(page, /Set custom limit/)
    .getByText('No traffic of the account "cyberdyne" is on record.')
    .waitFor();
  // Tab from the scope over the presets, the factor, the groups of APIs, the expiry and the confirmation to the reason.
  for (let presses = 0; !(await page.evaluate('document.activeElement.matches("[data-field=reason]")')); presses++) {
    expect(presses).toBeLessThan(20);
    await page.keyboard.press('Tab');
    if (await page.evaluate('document.activeElement.matches("[type=checkbox]")')) await page.keyboard.press('Space');
  }
  await page.keyboard.type('By keys');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText(/In force on all instances/).waitFor();
  await dialog(page, /Set custom limit/).waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
  await page.keyboard.press('u');
  await page.getByText('Undone: the override has expired.').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.getByRole('heading', { level: 1, name: 'Denials' }).waitFor();
  await page.context().close();
});

test('no page had an exception, a blocked style or a failed call', () => {
  expect(desk.trouble).toEqual([]);
});
