/** Opens every screen, with one page for each role. */
import type { Page } from 'playwright-core';
import { calls } from '../../server/test/admin-traffic.js';
import { type Desk } from './desk.js';
import { type Screen, screensOf, type Team } from './team.js';

export async function walk(
  { desk, team }: { desk: Desk; team: Team },
  look: (page: Page, screen: Screen) => Promise<void>,
): Promise<void> {
  const pages = new Map<string, Page>();
  for (const screen of screensOf(team)) {
    const by = screen.by ?? 'support';
    const page = pages.get(by) ?? (await team[by].open());
    pages.set(by, page);
    // Usage near a limit a minute ago has left the window by now.
    if (screen.name === 'near' || screen.name.startsWith('account')) await nearAgain(desk);
    await page.goto(`${desk.service.server.url}/admin/${screen.path}`);
    await page.locator(screen.shows).first().waitFor();
    await look(page, screen);
  }
  for (const page of pages.values()) await page.context().close();
}

/** Restores the size afterwards. */
export async function inPhone(page: Page, look: () => Promise<void>): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  // Charts measure their size again, and drawers move.
  await page.waitForTimeout(200);
  await look();
  await page.setViewportSize({ width: 1280, height: 900 });
}

export async function inDark(page: Page, look: () => Promise<void>): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.locator('[data-mantine-color-scheme="dark"]').waitFor();
  await settleColors(page);
  await look();
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.locator('[data-mantine-color-scheme="light"]').waitFor();
  await settleColors(page);
}

/** Some colors change to the other scheme in a transition, during which a contrast means nothing. */
async function settleColors(page: Page): Promise<void> {
  await page.evaluate(
    `new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
       .then(() => { for (const animation of document.getAnimations()) if (animation instanceof CSSTransition) animation.finish(); })`,
  );
}

async function nearAgain({ limiter }: Desk): Promise<void> {
  await calls(limiter, 72);
  await calls(limiter, 250, { account: 'globex', bot: 'g-1' });
  await calls(limiter, 84, { account: 'initech', bot: 'i-9', api: 'upload-file' });
}
