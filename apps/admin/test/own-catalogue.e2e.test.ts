/**
 * Support's work in the browser for an application with its own catalogue, which the service first hears of when the
 * application starts: an API of two dimensions and an own message, a group counted together, and whole accounts.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import type { Page } from 'playwright-core';
import { inHours } from '../../server/test/admin-traffic.js';
import { CATALOGUE_CASES, type CountedSubject } from '../../server/test/catalogue-cases.js';
import { OWN_CATALOGUE, type OwnApplication, startApplication } from '../../server/test/own-application.js';
import { type Desk, openDesk, type Person, TEST_MS } from './desk.js';
import { post } from './team.js';

jest.setTimeout(TEST_MS);

const APPLICATION = 'shop';
const SUBJECTS = CATALOGUE_CASES.flatMap(([, catalogue, , subjects]) => (catalogue === OWN_CATALOGUE ? subjects : []));

let shop: OwnApplication;
let desk: Desk;
let support: Person;
let admin: Person;
beforeAll(async () => {
  desk = await openDesk({
    async openLimiter({ url }) {
      shop = await startApplication({ databaseUrl: url, catalogue: OWN_CATALOGUE, application: APPLICATION });
      return shop.limiter;
    },
  });
  support = await desk.person('support');
  admin = await desk.person('admin');
});
afterAll(async () => {
  await shop?.close();
  await desk?.close();
});

const titleOf = ({ scope, title, groupTitle }: CountedSubject) =>
  scope.startsWith('@') ? `${groupTitle} \\(API group\\)` : title;

async function found(page: Page, text: string, option: string | RegExp): Promise<void> {
  await page.getByRole('combobox', { name: /Find/ }).fill(text);
  await page.getByRole('option', { name: option }).first().click();
}

describe.each(SUBJECTS.map((subject) => [subject.api, subject] as const))('%s', (api, subject) => {
  const account = `acme-${api}`;
  const call = () => shop.call(api, { account, dimensions: subject.dimensions });
  let denialId = '';

  test('a denied account is found, and gets a custom limit from its gauge, which its next call meets', async () => {
    for (let i = 0; i < subject.perMinute; i++) expect((await call()).status).toBe(200);
    const denied = await call();
    expect(denied).toMatchObject({ status: 429, body: { message: subject.message } });
    denialId = String(denied.body['denialId']);
    const page = await support.open();
    await found(page, account, new RegExp(account));
    await page.getByRole('heading', { level: 1, name: account }).waitFor();
    const gauge = page.getByRole('meter', { name: /60 s/ });
    await gauge.waitFor();
    expect(await gauge.getAttribute('aria-valuenow')).toBe(String(subject.perMinute));
    for (const value of Object.values(subject.dimensions)) await page.getByText(value).first().waitFor();

    await page
      .getByRole('link', { name: new RegExp(`^Set custom limit for ${titleOf(subject)}`, 'i') })
      .first()
      .click();
    const drawer = page.getByRole('dialog', { name: `Set custom limit for ${account}` });
    await drawer.getByText(/Would have avoided 1 of 1 denial/).waitFor();
    await drawer.getByLabel('Reason').fill('Launch of their campaign');
    await drawer.getByRole('button', { name: 'Set custom limit' }).click();
    await page.getByText(/In force on all instances/).waitFor();
    await until(async () => (await call()).status === 200, { what: 'the custom limit is in force' });
    await page.context().close();
  });

  test('its denial is listed, found by its ID and explained', async () => {
    const page = await support.open({ path: `/admin/denied?account=${account}` });
    await page.getByRole('cell', { name: subject.title }).first().waitFor();
    await page.goto(`${desk.service.server.url}/admin/`);
    await found(page, denialId, new RegExp(account));
    await page.getByText(`of the ${subject.perMinute} units allowed in any 60 seconds`).first().waitFor();
    await page.context().close();
  });

  test('a limit request for it is approved, and the history names the API', async () => {
    const other = await desk.person('support');
    const asking = `asks-${api}`;
    const scope = {
      account: asking,
      api,
      perMinute: 3 * subject.perMinute,
      until: inHours(48),
      reason: 'We launch on Monday.',
    };
    const { id } = (await post(other, 'requests', scope))['request'];
    const page = await support.open({ path: `/admin/requests?id=${id}&do=approve` });
    const dialog = page.getByRole('dialog', { name: /Approve/ });
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await page.getByText(`${id} approved`).waitFor();
    await page.goto(`${desk.service.server.url}/admin/history?account=${asking}`);
    await page.getByText(api).first().waitFor();
    await page.context().close();
  });
});

test('the catalogue has the APIs of the application alone, and an edited default is in force there', async () => {
  const page = await admin.open({ path: '/admin/catalogue' });
  await page
    .getByRole('cell', { name: /place-order/ })
    .first()
    .waitFor();
  expect(await page.getByRole('link', { name: /^Edit / }).count()).toBe(OWN_CATALOGUE.size);
  await page.getByRole('link', { name: /^Edit Cancel an order/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Default limits of Cancel an order' });
  await dialog.getByLabel('In any 60 s').fill('7');
  await dialog.getByLabel('Reason').fill('Measured: the shop can take it');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const limitOf = async () => {
    await shop.limiter.refreshPolicy();
    const { limits } = await shop.limiter.limitsOf({
      account: 'new-co',
      api: 'cancel-order',
      dimensions: { bot: 'b', user: 'u' },
    });
    return limits.perMinute;
  };
  expect(await limitOf()).toBe(7);
  await page.context().close();
});

test('accounts near a limit are listed by the names of their APIs', async () => {
  for (let i = 0; i < 5; i++)
    await shop.call('place-order', { account: 'near-co', dimensions: { bot: 'b', user: 'u' } });
  const page = await support.open({ path: '/admin/near' });
  const row = page.getByRole('row', { name: /near-co/ });
  await row.waitFor();
  expect(await row.textContent()).toContain('Place an order');
  await page.context().close();
});

test('no page had an exception, a blocked style or a failed call', () => {
  expect(desk.trouble).toEqual([]);
});
