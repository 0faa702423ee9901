/** npm run screenshots: saves every screen to docs/screens, in light, in dark, and at a phone's width of 390 px. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { openDesk, TEST_MS } from './desk.js';
import { gather } from './team.js';
import { inDark, inPhone, walk } from './walk.js';

const FOLDER = fileURLToPath(new URL('../../../docs/screens', import.meta.url));

test(
  'every screen is saved to docs/screens',
  async () => {
    mkdirSync(FOLDER, { recursive: true });
    const desk = await openDesk();
    try {
      const shoot = async (page: Page, name: string) => {
        const save = async (kind: string) => {
          // Charts and drawers need a moment to reach their final size.
          await page.waitForTimeout(350);
          await page.screenshot({ path: join(FOLDER, `${name}-${kind}.png`) });
        };
        await save('light');
        await inDark(page, () => save('dark'));
        await inPhone(page, () => save('phone'));
      };
      await walk({ desk, team: await gather(desk) }, (page, { name }) => shoot(page, name));
      const signIn = await desk.open(
        await desk.browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } }),
        '/admin/',
      );
      await signIn.getByLabel('Login').waitFor();
      await shoot(signIn, 'sign-in');
    } finally {
      await desk.close();
    }
  },
  4 * TEST_MS,
);
