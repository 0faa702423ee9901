/** A customer is denied at 2 a.m.: from the call for help to a call that goes through, and back. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { calls, type Desk, openDesk, type Person, TEST_MS, until } from './desk.js';

jest.setTimeout(TEST_MS);

let desk: Desk;
let support: Person;

beforeAll(async () => {
  desk = await openDesk();
  support = await desk.person('support');
});
afterAll(() => desk?.close());

test('denied, raised from the gauge, allowed on all nodes, undone', async () => {
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
  await page.getByText(/In force on all nodes \(2 of 2\)/).waitFor();
  expect(await calls(desk.limiter, 1)).toBe(1);
  await page
    .getByText(/expires in/)
    .first()
    .waitFor();

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Taken back: the limit is as before.').waitFor();
  await until(async () => (await calls(desk.limiter, 1)) === 0);
  expect(desk.trouble).toEqual([]);
});
