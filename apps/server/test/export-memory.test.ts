/** Downloads hundreds of thousands of limit events: the service's memory does not grow, whatever the format. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type NodeProcess, spawnNode, type TestDatabase, until } from '@rollgate/testing';
import { rollgate } from './run-rollgate.js';

/** ROLLGATE_EXPORT_EVENTS=1000000 runs the test at full size, which takes minutes on two cores. */
const EVENTS = Number(process.env['ROLLGATE_EXPORT_EVENTS'] ?? 200_000);
/** A reader that kept all rows in memory would need many times as much. */
const MOST_GROWTH_MB = 200;
const READY = /Rollgate service ready/;

const run = promisify(execFile);
let database: TestDatabase;
let service: NodeProcess;
let url: string;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await insertEvents();
  const made = await rollgate(
    ['token', 'create', 'export', '--permissions', 'events.read,export', '--json'],
    database.url,
  );
  token = (JSON.parse(made.stdout) as { secret: string }).secret;
  service = await spawnNode({
    script: fileURLToPath(new URL('../dist/main.js', import.meta.url)),
    env: { DATABASE_URL: database.url, ROLLGATE_PORT: '0', ROLLGATE_DRAIN_MS: '0' },
    readyLine: READY,
  });
  url = (JSON.parse(await service.waitForLine(READY)) as { url: string }).url;
}, 300_000);
afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

async function insertEvents(): Promise<void> {
  // The export does not use the indexes for other queries: without them a million rows are inserted faster.
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT i.indexrelid::regclass::text AS name FROM pg_index i
     WHERE i.indrelid = 'rollgate.limit_event_row'::regclass AND NOT i.indisprimary`,
  );
  for (const { name } of rows) await database.pool.query(`DROP INDEX ${name}`);
  await database.pool.query(`SELECT rollgate.make_event_day('2026-03-10')`);
  await database.pool.query(
    `INSERT INTO rollgate.event_instance (name) VALUES ('platform-1:311');
     INSERT INTO rollgate.event_class (kind, api, group_id, level, window_name, mode, merged, route, key)
     VALUES ('denied', 'publish-bot', 'bot-definition', '{bot}', 'minute', 'enforced', 'second', 'POST /api/public/bots/:botId/publish', '');
     INSERT INTO rollgate.limit_event_row (id, account, subject, class, instance, per_minute, per_hour, used, cost, policy_version, first_at, last_at,
       count, request_id)
     SELECT 'event-' || i, 'acme', 'acme/publish-bot/bot=b-' || i % 500, 1, 1, 60, 1800, 60, 1, 1, t.at, t.at, 1, md5(i::text)
     FROM generate_series(1, ${EVENTS}) i CROSS JOIN LATERAL (SELECT timestamptz '2026-03-10' + i * interval '${50_000_000 / EVENTS} ms' AS at) t`,
  );
  await database.pool.query('ANALYZE rollgate.limit_event_row');
}

async function memoryMb(): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(service.pid)]);
  return Number(stdout.trim()) / 1024;
}

const download = (format: string, signal?: AbortSignal) =>
  fetch(`${url}/admin/api/limit-events?format=${format}`, {
    headers: { authorization: `Bearer ${token}` },
    ...(signal && { signal }),
  });

/** Reads to the end and measures the service's memory from time to time. */
async function read(response: Response): Promise<{ lines: number; bytes: number; peakMb: number }> {
  const told = { lines: 0, bytes: 0, peakMb: 0 };
  let looking: Promise<void> | undefined;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    told.bytes += chunk.length;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) told.lines += 1;
    looking ??= memoryMb().then((mb) => {
      told.peakMb = Math.max(told.peakMb, mb);
      looking = undefined;
    });
  }
  await looking;
  return told;
}

test.each([
  ['csv', EVENTS + 1],
  // A quarter of the rows is enough: the code is the same.
  ['ndjson&from=2026-03-10T10:25:00Z', EVENTS / 4 + 1],
])(
  'an export as %s does not increase the memory of the service',
  async (format, lines) => {
    // Warm up: compile the code and allocate the buffers.
    await read(await download(`${format.split('&', 1)[0]}&from=2026-03-10T13:30:00Z`));
    const beforeMb = await memoryMb();
    const response = await download(format);
    expect(response.status).toBe(200);
    const told = await read(response);
    process.stdout.write(
      `export-memory: ${format}, ${(told.bytes / 2 ** 20).toFixed(0)} MB read: ${beforeMb.toFixed(0)} MB before, ${told.peakMb.toFixed(0)} MB at most\n`,
    );
    expect(told.lines).toBe(lines);
    expect(told.peakMb - beforeMb).toBeLessThan(MOST_GROWTH_MB);
  },
  300_000,
);

test('a reader that stops or disconnects holds no connection and no statement', async () => {
  const stop = new AbortController();
  const response = await download('csv', stop.signal);
  await response.body?.getReader().read();
  stop.abort();
  const busy = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate-admin' AND state <> 'idle'`;
  await until(async () => (await database.pool.query(busy)).rowCount === 0, {
    what: 'the export has ended its statement',
    timeoutMs: 50_000,
  });
}, 60_000);
