/** Runs the service in this process, on the test file's own database. */
import { pino } from 'pino';
import { createServer, type Server, type ServerOptions } from '../src/server.js';

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

export async function startService(
  options: { databaseUrl: string } & Partial<
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
  >,
): Promise<TestService> {
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
