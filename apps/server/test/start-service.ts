/** Runs the service in this process, on the test file's own database. */
import type { Catalogue } from '@rollgate/contract';
import { SAMPLE_APPLICATION, sampleCatalogue } from '@rollgate/contract/sample';
import { registerCatalogue } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import pg from 'pg';
import { pino } from 'pino';
import { createServer, type Server, type ServerOptions } from '../src/server.js';

export async function registerSample(databaseUrl: string, catalogue = sampleCatalogue): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const by = { actor: 'test', role: 'program' };
    await registerCatalogue(client, { application: SAMPLE_APPLICATION, catalogue, by });
  } finally {
    await client.end();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body of a JSON response. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TestService {
  readonly server: Server;
  /** The log, at level info and above. */
  readonly log: ReadonlyArray<Readonly<Record<string, unknown>>>;
  call(path: string, init?: RequestInit): Promise<Answer>;
}

interface Registered {
  /** Registered before the service starts, as if by an application; `null`: none. Default: the sample. */
  readonly catalogue?: Catalogue | null;
}

type Options = Registered &
  Partial<
    Pick<
      ServerOptions,
      | 'port'
      | 'readDatabaseUrl'
      | 'pooled'
      | 'keepSeconds'
      | 'sweepEveryMs'
      | 'trustProxy'
      | 'publicUrl'
      | 'oidc'
      | 'patience'
      | 'signIn'
    >
  >;

/** A service with a database of its own. */
export interface OwnService extends TestService {
  readonly database: TestDatabase;
  /** Stops the service and drops the database. */
  stop(): Promise<void>;
}

export async function startOwnService(options: Options = {}): Promise<OwnService> {
  const database = await createTestDatabase();
  const service = await startService({ databaseUrl: database.url, ...options });
  return {
    ...service,
    database,
    async stop() {
      await service.server.close();
      await database.drop();
    },
  };
}

export async function startService({
  catalogue = sampleCatalogue,
  ...options
}: { databaseUrl: string } & Options): Promise<TestService> {
  if (catalogue !== null) await registerSample(options.databaseUrl, catalogue);
  const log: Record<string, unknown>[] = [];
  const server = await createServer({
    host: '127.0.0.1',
    port: 0,
    logLevel: 'info',
    keepSeconds: undefined,
    environment: 'test',
    ...options,
    logger: pino({ level: 'info' }, { write: (line) => void log.push(JSON.parse(line)) }),
  });
  return {
    server,
    log,
    async call(path, init) {
      const response = await fetch(`${server.url}${path}`, init);
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson && text !== '' ? JSON.parse(text) : {},
      };
    },
  };
}
