/** The service with the built admin app, a browser, staff of each role, and a limiter that makes calls as an application does. */
import type { Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openSampleLimiter } from '../../server/test/admin-traffic.js';
import { addPerson, browserAs, type Browser as HttpBrowser } from '../../server/test/browser.js';
import { startService, type TestService } from '../../server/test/start-service.js';
import { openChromium } from './chromium.js';

/** Long enough for a busy machine. */
const PATIENCE_MS = 30_000;
export const TEST_MS = 120_000;

type Role = 'viewer' | 'support' | 'auditor' | 'admin';

interface PageOptions {
  readonly path?: string;
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

export interface Person {
  readonly id: string;
  readonly login: string;
  /** Signed in, without a page. */
  readonly http: HttpBrowser;
  /** Opens a page in a new browser context, signed in. Errors of the page are recorded in `trouble`. */
  open(options?: PageOptions): Promise<Page>;
}

export interface Desk {
  readonly service: TestService;
  readonly database: TestDatabase;
  readonly limiter: Limiter;
  readonly browser: Browser;
  /** Exceptions, blocked styles and scripts, and failed calls of all pages. */
  readonly trouble: string[];
  person(role: Role): Promise<Person>;
  open(context: BrowserContext, path: string): Promise<Page>;
  close(): Promise<void>;
}

interface DeskOptions {
  /** Opens the limiter of the application. Default: that of the sample. */
  readonly openLimiter?: (database: TestDatabase) => Promise<Limiter>;
}

/** The service registers no API: the application does, after the service has started. */
export async function openDesk({ openLimiter = openSampleLimiter }: DeskOptions = {}): Promise<Desk> {
  const database = await createTestDatabase();
  const service = await startService({ databaseUrl: database.url, catalogue: null });
  const limiter = await openLimiter(database);
  const browser = await openChromium();
  const trouble: string[] = [];
  const open = async (context: BrowserContext, path: string) => {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    recordTrouble(page, (message) => trouble.push(`${path}: ${message}`));
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
      return { id, login, http, open: (options) => openAs({ service, browser, http, open }, options) };
    },
    async close() {
      await browser.close();
      await limiter.close();
      await service.server.close();
      await database.drop();
    },
  };
}

function recordTrouble(page: Page, record: (message: string) => void): void {
  page.on('pageerror', (error) => record(error.message));
  page.on('console', (message) => {
    const text = message.text();
    // The browser also reports refusals that a test causes on purpose.
    if (message.type() === 'error' && !/Failed to load resource.*\b4\d\d\b/.test(text)) record(text);
  });
}

type SignedIn = Pick<Desk, 'service' | 'browser' | 'open'> & Pick<Person, 'http'>;

async function openAs(
  { service, browser, http, open }: SignedIn,
  { path = '/admin/', width = 1280, height = 900, scheme = 'light' }: PageOptions = {},
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
  });
  const cookies = [...http.cookies].map(([name, value]) => ({ name, value, url: service.server.url }));
  await context.addCookies(cookies);
  return await open(context, path);
}
