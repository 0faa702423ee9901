/** A platform with its own database for one test file, and callers with tokens. */
import type { Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { signToken } from '../src/auth/tokens.js';
import type { PublishedApi } from '../src/catalogue/route-catalogue.js';
import { createPlatform, type Patience, type Platform } from '../src/platform.js';

export const SECRET = 'a secret of more than thirty-two bytes, for tests';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  /** `acme` by default; `null` sends no token. */
  readonly account?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The port of another instance. */
  readonly origin?: string;
}

export type Ids = Readonly<Partial<Record<'botId' | 'tableName' | 'requestId', string>>>;

export class TestPlatform {
  readonly #tokens = new Map<string, Promise<string>>();

  constructor(
    readonly platform: Platform,
    readonly database: TestDatabase,
  ) {}

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { account = 'acme', body, headers, origin = this.platform.url } = options;
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(account !== null && { authorization: `Bearer ${await this.#tokenOf(account)}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  }

  /** Calls an API of the catalogue with its example body. */
  callApi(
    { method, path, exampleBody }: PublishedApi,
    { ids, ...options }: CallOptions & { ids: Ids },
  ): Promise<Answer> {
    return this.call(method, filled(path, ids), { ...(exampleBody && { body: exampleBody }), ...options });
  }

  async stop(): Promise<void> {
    await this.platform.close();
    await this.database.drop();
  }

  #tokenOf(account: string): Promise<string> {
    const token = this.#tokens.get(account) ?? signToken({ secret: SECRET, account, expiresInSeconds: 3600 });
    this.#tokens.set(account, token);
    return token;
  }
}

export async function startPlatform({
  through,
  ...options
}: {
  clock?: () => number;
  limiter?: Limiter;
  patience?: Patience;
  budgetMs?: number;
  /** Starts something between the platform and its database. Resolves to the URL that the platform uses. */
  through?: (databaseUrl: string) => Promise<string>;
} = {}): Promise<TestPlatform> {
  const database = await createTestDatabase();
  const databaseUrl = through ? await through(database.url) : database.url;
  const platform = await createPlatform({ databaseUrl, jwtSecret: SECRET, budgetMs: 20_000, ...options });
  return new TestPlatform(platform, database);
}

function filled(path: string, ids: Ids): string {
  return path.replace(/:(\w+)/g, (_, name: keyof Ids) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`${path}: the test gives no ${name}`);
    return encodeURIComponent(id);
  });
}
