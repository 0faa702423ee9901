/** Builds the whole sample platform, for its program, tests and load programs. */

import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { SAMPLE_APPLICATION, sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import { RollgateHealth } from '@rollgate/nestjs';
import { acceptJson } from './http/json-body.js';
import { problemOf, type Reply, sendProblem } from './http/problem.filter.js';
import { platformModule } from './platform.module.js';
import { checkedSecret } from './settings.js';
import { Database } from './store/database.js';
import { acceptForms, SUPPORT_PATH } from './support/support-forms.js';

export interface PlatformOptions extends DatabaseAddress {
  /** At least 32 bytes. */
  readonly jwtSecret: string;
  /** The limiter to use; it stays open when the platform closes. Default: the platform creates its own and closes it. */
  readonly limiter?: Limiter;
  readonly host?: string;
  /** Default: 0, which means any free port. */
  readonly port?: number;
  /** Longest time of a decision. Default: 150 ms. */
  readonly budgetMs?: number;
  /** The clock of jobs, in Unix ms. Default: the real time. */
  readonly clock?: () => number;
  /** The page where a denied caller requests a custom limit. Default: the platform's own page. */
  readonly supportUrl?: string | undefined;
  /** Longest time that a request may take to arrive. */
  readonly patience?: Patience;
}

export interface Patience {
  /** Until the last byte of the headers, and of the body. */
  readonly headMs: number;
  readonly requestMs: number;
  /** Time between two checks for late requests. */
  readonly lookEveryMs: number;
}

export interface Platform {
  /** E.g. `http://127.0.0.1:3001` */
  readonly url: string;
  readonly app: NestFastifyApplication;
  /** Reports that it is not ready, but serves for another `delayMs`, so that load balancers notice. Then closes. */
  drain(delayMs: number): Promise<void>;
  /** Waits for requests in progress, then closes the limiter and the database. */
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 64 * 1024;
/** Long enough for a valid ID of 256 bytes with each byte written as `%XX`, so that longer IDs get a problem with a reason. */
const MAX_PARAM_LENGTH = 4096;
const PATIENCE: Patience = { headMs: 10_000, requestMs: 30_000, lookEveryMs: 5_000 };
const IDLE_SWEEP_MS = 50;

/** Builds the platform and listens. @throws Error when it cannot start; nothing stays open then */
export async function createPlatform(options: PlatformOptions): Promise<Platform> {
  const { clock = Date.now } = options;
  const jwtSecret = checkedSecret(options.jwtSecret, 'jwtSecret');
  const database = new Database({ ...options, onIdleError: logFault });
  let ownLimiter: Limiter | undefined;
  let app: NestFastifyApplication | undefined;
  // Known only after it listens, because any free port may be used.
  const supportUrl = () => options.supportUrl ?? `${urlOf(app as NestFastifyApplication)}${SUPPORT_PATH}`;
  try {
    await database.createSchema();
    if (!options.limiter) ownLimiter = openLimiter(options);
    const limiter = options.limiter ?? (ownLimiter as Limiter);
    app = await createApplication(
      platformModule({ database, limiter, closeLimiter: ownLimiter !== undefined, clock, jwtSecret, supportUrl }),
      options.patience ?? PATIENCE,
    );
    await app.init();
    // Not `app.listen()`, which also logs the error. The caller reports it.
    await app
      .getHttpAdapter()
      .getInstance()
      .listen({ port: options.port ?? 0, host: options.host ?? '127.0.0.1' });
    const close = closing(app, () => database.end());
    const health = app.get(RollgateHealth);
    return { url: urlOf(app), app, close, drain: (delayMs) => health.drain(delayMs).then(close) };
  } catch (error) {
    await app?.close();
    await ownLimiter?.close();
    await database.end();
    throw error;
  }
}

function openLimiter({ databaseUrl, readDatabaseUrl, pooled = false, budgetMs }: PlatformOptions): Limiter {
  return createPostgresLimiter({
    databaseUrl: readDatabaseUrl ?? databaseUrl,
    pooled,
    catalogue: sampleCatalogue,
    application: SAMPLE_APPLICATION,
    // The service removes old counters, so the platform does not need that right.
    janitor: false,
    onError: logFault,
    ...(budgetMs === undefined ? {} : { budgetMs }),
  });
}

function logFault(error: unknown): void {
  console.error(`platform: ${error instanceof Error ? error.message : String(error)}`);
}

async function createApplication(
  module: Parameters<typeof NestFactory.create>[0],
  { headMs, requestMs, lookEveryMs }: Patience,
): Promise<NestFastifyApplication> {
  const http = { headersTimeout: headMs, connectionsCheckingInterval: lookEveryMs };
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestMs,
    http,
    // Each handler has exactly one path, so that a call can't be counted under two subjects.
    routerOptions: {
      caseSensitive: true,
      ignoreDuplicateSlashes: false,
      ignoreTrailingSlash: false,
      maxParamLength: MAX_PARAM_LENGTH,
    },
    // Errors of the router, e.g. a URL that can't be decoded, do not reach the filter.
    frameworkErrors: (error: Error, _request: unknown, reply: object) => sendProblem(reply as Reply, problemOf(error)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    // Only the parser below is used.
    bodyParser: false,
    logger: ['error', 'warn', 'fatal'],
    abortOnError: false,
  });
  adapter.getInstance().removeContentTypeParser('text/plain');
  acceptJson(adapter.getInstance());
  acceptForms(adapter.getInstance());
  return app;
}

function urlOf(app: NestFastifyApplication): string {
  const address = app.getHttpServer().address();
  if (typeof address !== 'object' || address === null) throw new Error('the platform does not listen on a port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

/** Closes the database last, because `app.close()` waits for requests that still use it. A second call has no effect. */
function closing(app: NestFastifyApplication, endDatabase: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // Fastify closes only connections that are idle at this moment. A connection with a request in progress becomes idle
    // later, and would keep the server open until its client closes it.
    const sweep = setInterval(() => app.getHttpServer().closeIdleConnections(), IDLE_SWEEP_MS);
    try {
      await app.close();
    } finally {
      clearInterval(sweep);
      await endDatabase();
    }
  };
  return () => {
    closed ??= close();
    return closed;
  };
}
