/** Traffic and signed-in staff, for tests of the admin API. */

import { expect } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { Browser, browserOf } from './browser.js';
import { startService, type TestService } from './start-service.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
export type Json = Record<string, any>;

/** The path of a route of the admin API: `/admin/api/overrides` for `overrides`. */
export const path = (rest: string): string => `/admin/api/${rest}`;

export interface Desk {
  readonly database: TestDatabase;
  readonly service: TestService;
  /** The limiter of the platform's instance. */
  readonly limiter: Limiter;
  readonly viewer: Browser;
  readonly support: Browser & { login: string };
  readonly other: Browser & { login: string };
  readonly admin: Browser & { login: string };
  readonly auditor: Browser;
  close(): Promise<void>;
}

/** A limiter with the sample, as an instance of the platform has it. */
export async function openSampleLimiter({ url }: TestDatabase): Promise<Limiter> {
  const limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl: url,
    janitor: false,
    budgetMs: 20_000,
  });
  await limiter.refreshPolicy();
  return limiter;
}

export async function openDesk(): Promise<Desk> {
  const database = await createTestDatabase();
  const service = await startService({ databaseUrl: database.url });
  const limiter = await openSampleLimiter(database);
  return {
    database,
    service,
    limiter,
    viewer: await browserOf(service, 'viewer'),
    support: await browserOf(service, 'support'),
    other: await browserOf(service, 'support'),
    admin: await browserOf(service, 'admin'),
    auditor: await browserOf(service, 'auditor'),
    async close() {
      await limiter.close();
      await service.server.close();
      await database.drop();
    },
  };
}

/** Makes this many calls of one bot. Resolves to how many were allowed. */
export async function calls(
  limiter: Limiter,
  n: number,
  { account = 'acme', bot = 'b-1', api = 'publish-bot' } = {},
): Promise<number> {
  const route = 'POST /api/public/bots/:botId/publish';
  const decisions = await Promise.all(
    Array.from({ length: n }, () => limiter.acquire({ account, api, dimensions: { bot }, route, requestId: 'r-1' })),
  );
  return decisions.filter(({ allowed }) => allowed).length;
}

/** An override for acme, unless `spec` says otherwise. */
export async function makeOverride(by: Browser, spec: Json = {}): Promise<Json> {
  const answer = await by.post(path('overrides'), {
    account: 'acme',
    api: 'publish-bot',
    perMinute: 100,
    expiresAt: inHours(1),
    allowLowering: true,
    reason: 'test',
    ...spec,
  });
  expect(answer.status).toBe(201);
  return (answer.body as Json)['override'];
}

export const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
