/**
 * Between a caller and the application: caches must not store refusals, and browsers must be able to read the header
 * fields.
 */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, type INestApplication, Logger } from '@nestjs/common';
import { Catalogue } from '@rollgate/contract';
import { createLimiter } from '@rollgate/limiter';
import { RateLimit, RollgateModule } from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';
import { ADAPTERS, type App, awayStore, startApp } from './http-app.js';

const catalogue = new Catalogue([
  {
    id: 'g',
    title: 'G',
    level: ['account'],
    limits: { perMinute: 1, perHour: 9 },
    apis: [{ id: 'one', title: 'One' }],
  },
]);

@Controller('plain')
class PlainController {
  @Get()
  @RateLimit('one')
  plain() {
    return { ok: true };
  }
}

/** The methods of Express's and Node's response that the middleware uses. */
interface Response {
  setHeader(name: string, value: string): void;
  writeHead(...args: unknown[]): unknown;
}

const CACHED: Record<string, string> = {
  'Cache-Control': 'public, max-age=600',
  Expires: 'Thu, 01 Dec 2050 16:00:00 GMT',
  'CDN-Cache-Control': 'max-age=600',
  'Cloudflare-CDN-Cache-Control': 'max-age=600',
  'Surrogate-Control': 'max-age=600',
};

/** Middleware that runs before the guard. */
function early(app: INestApplication): void {
  app.use((_request: unknown, response: Response, next: () => void) => {
    for (const [name, value] of Object.entries(CACHED)) response.setHeader(name, value);
    next();
  });
}

/** Middleware that acts when the head is written, as the package `on-headers` does. */
function late(app: INestApplication): void {
  app.use((_request: unknown, response: Response, next: () => void) => {
    const writeHead = response.writeHead;
    response.writeHead = function (...args) {
      for (const [name, value] of Object.entries(CACHED)) response.setHeader(name, value);
      return writeHead.apply(this, args);
    };
    next();
  });
}

/** Fastify's own hooks. */
function hooks(app: INestApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const cache = (_request: unknown, reply: { headers(fields: object): void }, ...rest: unknown[]) => {
    reply.headers(CACHED);
    (rest.at(-1) as () => void)();
  };
  fastify.addHook('onRequest', (request: unknown, reply: never, done: unknown) => cache(request, reply, done));
  fastify.addHook('onSend', (request: unknown, reply: never, _payload: unknown, done: unknown) =>
    cache(request, reply, done),
  );
}

describe.each(ADAPTERS)('on $platform', ({ platform, adapter }) => {
  let app: App | undefined;
  afterEach(async () => {
    jest.restoreAllMocks();
    await app?.app.close();
  });

  const start = async (prepare: (app: INestApplication) => void, options = {}) => {
    app = await startApp({
      adapter: adapter(),
      imports: [RollgateTestingModule.forRoot({ catalogue, ...options })],
      controllers: [PlainController],
      prepare,
    });
    return app.call;
  };

  it.each([
    ['earlier', early],
    // On Fastify, middleware for Express writes to the response that the reply wraps. The reply's fields take
    // precedence.
    ['later, as the head is written', late],
    ...(platform === 'Fastify' ? [['by hooks', hooks] as const] : []),
  ])('no cache may store a rejected call, whatever middleware sets %s', async (_when, prepare) => {
    const call = await start(prepare);
    const allowed = await call('/plain');
    expect([allowed.status, allowed.headers.get('cache-control')]).toEqual([200, 'public, max-age=600']);
    for (const [status, account] of [
      [429, 'acme'],
      [401, null],
    ] as const) {
      const refused = await call('/plain', { account });
      const kept = Object.keys(CACHED).filter((name) => refused.headers.has(name));
      expect([refused.status, refused.headers.get('cache-control'), kept]).toEqual([
        status,
        'no-store',
        ['Cache-Control'],
      ]);
    }
  });

  const EXPOSED = 'access-control-expose-headers';
  const cross = { headers: { origin: 'https://shop.example' } };

  it('pages of other origins can read the header fields of allowed and denied calls if CORS is enabled', async () => {
    const call = await start((created) => created.enableCors(), { legacyHeaders: true });
    const legacy = 'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset';
    expect((await call('/plain', cross)).headers.get(EXPOSED)).toBe(`RateLimit-Policy, RateLimit, ${legacy}`);
    const denied = await call('/plain', cross);
    expect(denied.status).toBe(429);
    expect(denied.headers.get(EXPOSED)).toBe(`RateLimit-Policy, RateLimit, Retry-After, ${legacy}`);
  });

  it('header fields that the application exposes itself stay exposed and are listed once', async () => {
    const call = await start((created) =>
      created.enableCors({ origin: 'https://shop.example', credentials: true, exposedHeaders: ['ETag', 'ratelimit'] }),
    );
    expect((await call('/plain', cross)).headers.get(EXPOSED)?.replaceAll(' ', '')).toBe(
      'ETag,ratelimit,RateLimit-Policy',
    );
  });

  it('nothing is added to a wildcard of exposed fields, and nothing is exposed without CORS', async () => {
    const call = await start((created) => created.enableCors({ exposedHeaders: '*' }));
    expect((await call('/plain', cross)).headers.get(EXPOSED)).toBe('*');
    await app?.app.close();
    const plain = await start(() => {});
    expect((await plain('/plain', cross)).headers.get(EXPOSED)).toBeNull();
  });

  it('fields are also exposed if CORS is enabled by middleware for Express', async () => {
    const call = await start((created) =>
      created.use((_request: unknown, response: Response, next: () => void) => {
        response.setHeader('Access-Control-Allow-Origin', '*');
        next();
      }),
    );
    expect((await call('/plain', cross)).headers.get(EXPOSED)).toBe('RateLimit-Policy, RateLimit');
  });

  it('a 503 of an unavailable limiter has a Retry-After that pages can read, and caches do not store it', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    app = await startApp({
      adapter: adapter(),
      imports: [RollgateModule.forRoot({ limiter: createLimiter({ store: awayStore(), catalogue }) })],
      controllers: [PlainController],
      prepare: (created) => created.enableCors(),
    });
    const { status, headers } = await app.call('/plain', cross);
    expect([status, headers.get('retry-after'), headers.get(EXPOSED), headers.get('cache-control')]).toEqual([
      503,
      '1',
      'Retry-After',
      'no-store',
    ]);
  });
});
