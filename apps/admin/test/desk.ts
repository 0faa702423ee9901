/** The service with its built screens, a browser, people to sign in as, and a platform's instance that makes calls. */
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { addPerson, browserAs, type Browser as HttpBrowser } from '../../server/test/browser.js';
import { startService, type TestService } from '../../server/test/start-service.js';
import { openChromium } from './chromium.js';

/** A busy machine draws slowly. */
export const PATIENCE_MS = 30_000;
export const TEST_MS = 120_000;

export type Role = 'viewer' | 'support' | 'auditor' | 'admin';

export interface PageOptions {
  readonly path?: string;
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

export interface Person {
  readonly id: string;
  readonly login: string;
  /** Signed in, over HTTP. */
  readonly http: HttpBrowser;
  /** A browser of its own, signed in. What goes wrong in its pages is in `trouble`. */
  open(options?: PageOptions): Promise<Page>;
}

export interface Desk {
  readonly service: TestService;
  readonly database: TestDatabase;
  readonly limiter: Limiter;
  readonly browser: Browser;
  /** Exceptions, refused styles and scripts, broken calls of any page. */
  readonly trouble: string[];
  person(role: Role): Promise<Person>;
  open(context: BrowserContext, path: string): Promise<Page>;
  close(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const database = await createTestDatabase();
  const service = await startService({ databaseUrl: database.url });
  const limiter = createPostgresLimiter({ databaseUrl: database.url, janitor: false, outage: false });
  await limiter.refreshPolicy();
  const browser = await openChromium();
  const trouble: string[] = [];
  const open = async (context: BrowserContext, path: string) => {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => trouble.push(`${path}: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      // A refusal that a test provokes is told by the browser too.
      if (message.type() === 'error' && !/Failed to load resource.*\b4\d\d\b/.test(text))
        trouble.push(`${path}: ${text}`);
    });
    await page.goto(`${service.server.url}${path}`);
    return page;
  };
  return {
    service,
    database,
    limiter,
    browser,
    trouble,
    open,
    async person(role) {
      const { id, login } = await addPerson(service, { role });
      const http = await browserAs(service, id);
      return {
        id,
        login,
        http,
        async open({ path = '/admin/', width = 1280, height = 900, scheme = 'light' } = {}) {
          const context = await browser.newContext({
            viewport: { width, height },
            colorScheme: scheme,
            reducedMotion: 'reduce',
            timezoneId: 'Europe/Berlin',
          });
          const cookies = [...http.cookies].map(([name, value]) => ({ name, value, url: service.server.url }));
          await context.addCookies(cookies);
          return await open(context, path);
        },
      };
    },
    async close() {
      await browser.close();
      await limiter.close();
      await service.server.close();
      await database.drop();
    },
  };
}

/** So many calls of one bot. Resolves to how many were allowed. */
export async function calls(
  limiter: Limiter,
  n: number,
  { account = 'acme', bot = 'b-1', api = 'publish-bot' } = {},
): Promise<number> {
  const decisions = await Promise.all(
    Array.from({ length: n }, (_, i) =>
      limiter.acquire({
        account,
        api,
        dimensions: { bot },
        route: 'POST /api/public/bots/:botId/publish',
        requestId: `r-${i}`,
      }),
    ),
  );
  return decisions.filter(({ allowed }) => allowed).length;
}

/** Asks again until it is so; the test's time is the end of patience. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

export const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
