/** From screen to screen, one page for each role. */
import type { Page } from 'playwright-core';
import { calls, type Desk } from './desk.js';
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
    // What was near a limit a minute ago is so no more.
    if (screen.name === 'near' || screen.name.startsWith('account')) await nearAgain(desk);
    await page.goto(`${desk.service.server.url}/admin/${screen.path}`);
    await page.locator(screen.shows).first().waitFor();
    await look(page, screen);
  }
  for (const page of pages.values()) await page.context().close();
}

/** The size and scheme in which `look` left it are put back. */
export async function inPhone(page: Page, look: () => Promise<void>): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  // Charts measure their place anew, drawers move.
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

/** Some colours pass over into those of another scheme: half-way they are nobody's choice. */
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
