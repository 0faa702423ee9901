/** Accessibility of every screen: no finding of axe in light and dark, no horizontal scrolling on a phone, a small first load. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { firstLoad } from '../bin/check-size.mjs';
import { axeFindings } from './axe.js';
import { type Desk, openDesk, TEST_MS } from './desk.js';
import { gather } from './team.js';
import { inDark, inPhone, walk } from './walk.js';

const ALL = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
/** The rules that depend on the color scheme. */
const CONTRAST = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } };

let desk: Desk;
const light: string[] = [];
const dark: string[] = [];
const wide: string[] = [];

beforeAll(async () => {
  desk = await openDesk();
  const team = await gather(desk);
  const look = async (page: Page, name: string) => {
    light.push(...(await axeFindings(page, ALL)).map((finding) => `${name}: ${finding}`));
    await inDark(page, async () => {
      dark.push(...(await axeFindings(page, CONTRAST)).map((finding) => `${name}: ${finding}`));
    });
    await inPhone(page, async () => {
      const width: number = await page.evaluate('document.documentElement.scrollWidth');
      if (width > 390) wide.push(`${name}: ${width} px`);
    });
  };
  await walk({ desk, team }, (page, { name }) => look(page, name));
  const signIn = await desk.open(await desk.browser.newContext({ reducedMotion: 'reduce' }), '/admin/');
  await signIn.getByLabel('Login').waitFor();
  await look(signIn, 'sign-in');
}, 4 * TEST_MS);
afterAll(() => desk?.close());

test('axe finds nothing on any screen in light', () => {
  expect(light).toEqual([]);
});

test('axe finds no low contrast on any screen in dark', () => {
  expect(dark).toEqual([]);
});

test('no screen scrolls horizontally on a phone of 390 px', () => {
  expect(wide).toEqual([]);
});

test('the first load is at most 300 kB of gzipped JavaScript', () => {
  const { kB, mostKB } = firstLoad();
  expect(kB).toBeLessThanOrEqual(mostKB);
});

test('no page had an exception, a blocked style or a failed call', () => {
  expect(desk.trouble).toEqual([]);
});
