/** Builds the whole service with one call, for the command and for tests. */
import type { Server as HttpServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { untrustedProxyWarning } from './authentication/untrusted-proxy.js';
import { checkMigrated } from './database/migrated.js';
import { serveAdminApp } from './http/admin-app.js';
import { contentSecurity } from './http/content-security.js';
import { jsonBody } from './http/json-body.js';
import { hasLargeBody } from './http/large-body.js';
import { serveOpenApi } from './http/openapi.js';
import { type Patience, PatientAdapter } from './http/patient-adapter.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { requestLog } from './logging/request-log.js';
import { Draining } from './operations/health/draining.js';
import { VERSION } from './operations/version.js';
import { serverModule } from './server.module.js';
import { ADMIN_BASE, type Settings } from './settings.js';

export interface ServerOptions extends Settings {
  readonly logger?: Logger;
  /** Time between two passes of the janitor; the default is 5 minutes. */
  readonly sweepEveryMs?: number;
  /** How long a request may take to arrive. */
  readonly patience?: Patience;
}

export interface Server {
  /** E.g. `http://127.0.0.1:3000` */
  readonly url: string;
  readonly app: NestExpressApplication;
  /**
   * Reports not ready from now on, but serves for `delayMs` more, so that load balancers can notice and send no new
   * requests. Then closes.
   */
  drain(delayMs: number): Promise<void>;
  /**
   * Lets requests in flight finish, for at most 5 s, then closes the database connections. A second call has no further
   * effect.
   */
  close(): Promise<void>;
}

/** Time limit for requests in flight. */
const FINISH_MS = 5_000;

/** Builds the service and listens. @throws the error that prevented the start; nothing stays open then. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { host, port, logger = createLogger(options.logLevel) } = options;
  await checkMigrated(options);
  const app = await createApplication({ ...options, logger });
  try {
    serveOpenApi(app, { version: VERSION });
    serveAdminApp(app, { base: options.adminBase ?? ADMIN_BASE });
    await app.init();
    await listen(app.getHttpServer(), { port, host });
  } catch (error) {
    await app.close();
    throw error;
  }
  const close = closing(app);
  return { url: urlOf(app.getHttpServer()), app, close, drain: (delayMs) => drain(app, { delayMs, close }) };
}

async function createApplication(options: ServerOptions & { logger: Logger }): Promise<NestExpressApplication> {
  const { sweepEveryMs, logger, trustProxy } = options;
  const app = await NestFactory.create<NestExpressApplication>(
    serverModule({ settings: options, logger, sweepEveryMs }),
    new PatientAdapter(options.patience),
    { logger: new NestLogger(logger), abortOnError: false, bodyParser: false },
  );
  // Each route has exactly one spelling. app.set() has no effect here: the adapter already created its router, which reads
  // those settings once.
  Object.assign(app.getHttpAdapter().getInstance().router, { caseSensitive: true, strict: true });
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy);
  app.use(app.get(Draining, { strict: false }).middleware);
  app.use(requestLog(logger));
  app.use(untrustedProxyWarning(logger));
  app.use(contentSecurity(options.adminBase ?? ADMIN_BASE));
  app.use(jsonBody({ unless: hasLargeBody }));
  return app;
}

/** Replaces app.listen(), which logs the error that it also throws. A port in use must be reported in one line. */
function listen(server: HttpServer, where: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: HttpServer): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the service listens on no port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

function closing(app: NestExpressApplication): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= finish(app);
    return closed;
  };
}

async function drain(
  app: NestExpressApplication,
  { delayMs, close }: { delayMs: number; close: () => Promise<void> },
): Promise<void> {
  app.get(Draining, { strict: false }).begin();
  await wait(delayMs);
  await close();
}

async function finish(app: NestExpressApplication): Promise<void> {
  app.get(Draining, { strict: false }).begin();
  const server: HttpServer = app.getHttpServer();
  // A kept-alive connection closes after its response. A request that never ends is cut off at the time limit.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), FINISH_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}
