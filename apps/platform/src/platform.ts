/** The sample platform as a whole: one call builds it, for the command, for tests and for load programs alike. */
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { builtInCatalogue } from '@rollgate/contract';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
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
  /** Stays open when the platform closes. By default the platform makes its own on the same database, and closes it. */
  readonly limiter?: Limiter;
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** From a call's entry to the decision of its limit, 150 ms by default. */
  readonly budgetMs?: number;
  /** Unix ms: what jobs go by. The real time by default. */
  readonly clock?: () => number;
  /** Where a denied caller asks for a custom limit; the platform's own page by default. */
  readonly supportUrl?: string | undefined;
  /** How long a request may take to arrive. */
  readonly patience?: Patience;
}

export interface Patience {
  /** To the last byte of its head, and of its body. */
  readonly headMs: number;
  readonly requestMs: number;
  /** Between two looks for late ones. */
  readonly lookEveryMs: number;
}

export interface Platform {
  /** E.g. `http://127.0.0.1:3001` */
  readonly url: string;
  readonly app: NestFastifyApplication;
  /** Is not ready from now on, but serves for `delayMs` more, so that load balancers can notice. Then closes. */
  drain(delayMs: number): Promise<void>;
  /** Lets what is in flight finish, then lets the limiter and the database go. */
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 64 * 1024;
/** A valid id of 256 bytes, each byte written as `%XX`, fits with room: a longer one is refused with a reason, not lost. */
const MAX_PARAM_LENGTH = 4096;
const PATIENCE: Patience = { headMs: 10_000, requestMs: 30_000, lookEveryMs: 5_000 };
const IDLE_SWEEP_MS = 50;

/** Builds the platform and listens. @throws what kept it from serving; nothing stays open then. */
export async function createPlatform(options: PlatformOptions): Promise<Platform> {
  const { clock = Date.now } = options;
  const jwtSecret = checkedSecret(options.jwtSecret, 'jwtSecret');
  const database = new Database({ ...options, onIdleError: logFault });
  let ownLimiter: Limiter | undefined;
  let app: NestFastifyApplication | undefined;
  // Known once it listens: a port may be any that is free.
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
    // Not `app.listen()`, which also writes an error of its own to the log: whoever starts the platform reports it.
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
    catalogue: builtInCatalogue,
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
    // One route, one subject: no second spelling of a path leads to the same handler.
    routerOptions: {
      caseSensitive: true,
      ignoreDuplicateSlashes: false,
      ignoreTrailingSlash: false,
      maxParamLength: MAX_PARAM_LENGTH,
    },
    // The router's own refusals, e.g. of a URL that can't be decoded, come before any filter.
    frameworkErrors: (error: Error, _request: unknown, reply: object) => sendProblem(reply as Reply, problemOf(error)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    // Ours below, and no other.
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
  if (typeof address !== 'object' || address === null) throw new Error('the platform listens on no port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

/** The database goes last: requests in flight, which `app.close()` waits for, still need it. Closing twice is closing once. */
function closing(app: NestFastifyApplication, endDatabase: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // Fastify closes the connections that are idle now. One whose answer is still to come is idle later, and would keep
    // the server open until the client lets it go.
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
