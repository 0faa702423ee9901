/** The sign-in screen after too many attempts: it shows how long to wait, counts down, and says when the wait is over. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import type { Page } from 'playwright-core';
import { addPerson, PASSWORD } from '../../server/test/browser.js';
import { axeFindings } from './axe.js';
import { type Desk, openDesk, TEST_MS } from './desk.js';

jest.setTimeout(TEST_MS);

/** A folder for screenshots, to look at the screens by hand. */
const SHOTS = process.env['ROLLGATE_SIGN_IN_SHOTS'];

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

interface Look {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
}

async function openSignIn(path: string, { width = 1280, scheme = 'light' }: Look = {}): Promise<Page> {
  const context = await desk.browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  return await desk.open(context, path);
}

async function tooOften(page: Page, login: string): Promise<void> {
  for (let n = 0; n < 10; n++)
    await desk.service.call('/admin/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login, password: 'not it' }),
    });
  await page.getByLabel('Login').fill(login);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const secondsOf = async (page: Page): Promise<number> => {
  const text = (await page.getByRole('timer').textContent()) ?? '';
  const [, minutes, seconds] = /^(?:(\d+) minutes? ?)?(?:(\d+) s)?$/.exec(text) ?? [];
  return Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
};

test('a login that has to wait sees the wait count down', async () => {
  const { login } = await addPerson(desk.service);
  const page = await openSignIn('/admin/');
  await tooOften(page, login);
  await page.getByText('Too many attempts to sign in. Try again in').waitFor();
  const first = await secondsOf(page);
  expect(first).toBeGreaterThan(30);
  expect(first).toBeLessThanOrEqual(61);
  await until(async () => (await secondsOf(page)) < first, { what: 'the wait is shorter' });
  await page.context().close();
});

test('when the wait is over the screen says so, and signing in works', async () => {
  const { login } = await addPerson(desk.service);
  const page = await openSignIn('/admin/?signInFailed=too-many&wait=2');
  await page.getByText('Too many attempts to sign in. Try again in').waitFor();
  await page.getByText('You can try again now.').waitFor();
  await page.getByLabel('Login').fill(login);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('combobox', { name: /Find/ }).waitFor();
  await page.context().close();
});

test.each(['abc', '-1', '1e9', ''])('a wait of "%s" in the address is ignored', async (wait) => {
  const page = await openSignIn(`/admin/?signInFailed=too-many&wait=${wait}`);
  await page.getByText('Too many attempts to sign in. Try again in a minute.').waitFor();
  expect(await page.getByRole('timer').count()).toBe(0);
  await page.context().close();
});

test.each([
  { name: 'light', look: { scheme: 'light' } },
  { name: 'dark', look: { scheme: 'dark' } },
  { name: 'phone', look: { scheme: 'light', width: 360 } },
  { name: 'phone-dark', look: { scheme: 'dark', width: 360 } },
] as const)('$name: axe finds nothing, and nothing is cut off', async ({ name, look }) => {
  const { login } = await addPerson(desk.service);
  const page = await openSignIn('/admin/?signInFailed=too-many&wait=130', look);
  await tooOften(page, login);
  await page.getByRole('timer').nth(1).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  if (SHOTS !== undefined) {
    await mkdir(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }
  await page.context().close();
});

test('no page had an exception, a blocked style or a failed call', () => {
  expect(desk.trouble).toEqual([]);
});
