/** How long reads take on a large database, how much space events and usage take, and what the indexes for reads cost decisions. */
import { statfs } from 'node:fs/promises';
import pg from 'pg';
import { type Summary, summarise } from '../load/statistics.js';
import { rounded } from '../report/numbers.js';
import type { Row, SectionResult, Table } from '../report/results.js';
import { type Service, startService } from '../servers/service.js';
import { accountCount, accountDays, DAYS, storeReads } from '../servers/stored-reads.js';
import type { Bench } from './bench.js';
import { indexCost } from './index-cost.js';
import { httpReads, type Read, SQL_READS, WHOLE_READ } from './read-list.js';

/** Bytes while the data is loaded: its tables, indexes and log. */
const BYTES_A_SUBJECT = 1_500;
const BYTES_AN_EVENT = 900;

export async function reads(bench: Bench): Promise<SectionResult> {
  const { subjects, events } = bench.plan.reads;
  await checkSpace(bench);
  const cost = await indexCost(bench);
  const postgres = await bench.servers.postgres;
  const databaseUrl = await postgres.database('bench_reads', { migrated: true });
  bench.progress(`  storing ${subjects.toLocaleString('en')} subjects and ${events.toLocaleString('en')} events …`);
  await storeReads({ databaseUrl, subjects, events, progress: bench.progress });
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  await client.connect();
  try {
    await client.query(`SET timezone = 'UTC'`);
    await checkHistograms(client);
    const space = await spaceOf(client);
    const bySql = await measure(bench, { reads: SQL_READS, run: (text) => timed(() => client.query(text)) });
    const whole = await measure(bench, {
      reads: [WHOLE_READ],
      run: (text) => timed(() => client.query(text)),
      once: true,
    });
    const service = await startService(databaseUrl);
    const byHttp = await measured(bench, service);
    return result(bench, { bySql: [...bySql, ...whole], byHttp, space, cost });
  } finally {
    await client.end();
    await postgres.drop('bench_reads');
  }
}

interface Timing {
  readonly read: Read;
  readonly first: number;
  readonly rounds: readonly number[];
}

interface Measuring {
  readonly reads: readonly Read[];
  readonly run: (text: string) => Promise<number>;
  readonly once?: boolean;
}

/** The reads take turns. The first run of each is reported on its own: its data may not be in memory. */
async function measure({ plan, progress }: Bench, { reads: list, run, once = false }: Measuring): Promise<Timing[]> {
  const timings = [];
  for (const read of list) timings.push({ read, first: await run(read.text), rounds: [] as number[] });
  for (let round = 0; round < (once ? 1 : plan.rounds); round++)
    for (const { read, rounds } of timings) rounds.push(await run(read.text));
  for (const { read, first, rounds } of timings)
    progress(`  ${read.label}: ${rounded(summarise(rounds).median)} ms, at first ${rounded(first)} ms`);
  return timings;
}

async function measured(bench: Bench, service: Service): Promise<Timing[]> {
  try {
    return await measure(bench, { reads: httpReads(), run: (path) => service.get(path) });
  } finally {
    await service.stop();
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/** @throws Error when the roll-up's counts differ from those of the events */
async function checkHistograms(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ same: boolean }>(`
    WITH span AS (SELECT now() - interval '30 days' AS since, now() AS until)
    SELECT (SELECT sum(c.calls) FROM span CROSS JOIN LATERAL
              rollgate.count_denials(span.since, span.until, NULL, NULL, NULL, NULL, NULL, NULL) c)
         = (SELECT sum(e.count) FROM span JOIN rollgate.limit_event_row e ON e.first_at >= span.since AND e.first_at < span.until) AS same`);
  if (rows[0]?.same !== true) throw new Error('reads: the counts of the roll-up differ from those of the events');
}

interface Space {
  readonly bytesPerEvent: number;
  readonly tableBytesPerEvent: number;
  readonly bytesPerMillionDays: number;
  readonly bytesPerSubject: number;
  readonly live: number;
}

async function spaceOf(client: pg.Client): Promise<Space> {
  const { rows } = await client.query<Record<keyof Space, string>>(`
    SELECT e.bytes / c.events AS "bytesPerEvent", e.tables / c.events AS "tableBytesPerEvent",
           pg_total_relation_size('rollgate.usage_day') * 1e6 / (SELECT count(*) FROM rollgate.usage_day) AS "bytesPerMillionDays",
           pg_total_relation_size('rollgate.counter') / (SELECT count(*) FROM rollgate.counter) AS "bytesPerSubject",
           (SELECT count(*) FROM rollgate.counter h WHERE h.minute > extract(epoch FROM now()) / 60 - 60) AS live
    FROM (SELECT sum(pg_total_relation_size(i.inhrelid)) AS bytes, sum(pg_table_size(i.inhrelid)) AS tables FROM pg_inherits i
          WHERE i.inhparent = 'rollgate.limit_event_row'::regclass) e
    CROSS JOIN (SELECT count(*) AS events FROM rollgate.limit_event_row) c`);
  const [row] = rows;
  return {
    bytesPerEvent: Number(row?.bytesPerEvent),
    tableBytesPerEvent: Number(row?.tableBytesPerEvent),
    bytesPerMillionDays: Number(row?.bytesPerMillionDays),
    bytesPerSubject: Number(row?.bytesPerSubject),
    live: Number(row?.live),
  };
}

interface Parts {
  readonly bySql: readonly Timing[];
  readonly byHttp: readonly Timing[];
  readonly space: Space;
  readonly cost: Awaited<ReturnType<typeof indexCost>>;
}

function result({ plan }: Bench, { bySql, byHttp, space, cost }: Parts): SectionResult {
  const { subjects, events } = plan.reads;
  const count = (n: number) => n.toLocaleString('en');
  return {
    title: 'Reads',
    what:
      `${count(subjects)} subjects of ${count(accountCount(subjects))} accounts with units in the last day, of which ${count(space.live)} have some in the last hour and one in 500 is near a limit; ` +
      `${count(events)} limit events over ${DAYS} days, in bursts of 60; ${count(accountDays(subjects))} days of an account and an API. The data is synthetic: it is written straight into the tables, ` +
      'in the form in which Rollgate writes it. Reads take turns; the first run of each, with data that may not be in memory, is separate. The service runs on the same two cores, with its janitor and its roll-up.',
    tables: [
      timingTable('Through SQL', bySql),
      timingTable('Through the service', byHttp),
      spaceTable(space),
      ...cost.tables,
    ],
    ratios: {
      ...worstByGoal([...bySql, ...byHttp]),
      bytesPerEvent: summarise([space.bytesPerEvent]),
      megabytesPerMillionDays: summarise([space.bytesPerMillionDays / 1e6]),
      ...cost.ratios,
    },
  };
}

function timingTable(title: string, timings: readonly Timing[]): Table {
  const rows = timings.map(
    ({ read, first, rounds }): Row => ({
      label: read.label,
      values: { took: summarise([...rounds]), first: summarise([first]) },
    }),
  );
  return {
    title,
    columns: [
      { key: 'took', label: 'took', unit: 'ms' },
      { key: 'first', label: 'at first', unit: 'ms' },
    ],
    rows,
  };
}

function spaceTable(space: Space): Table {
  const row = (label: string, size: number): Row => ({ label, values: { size: summarise([size]) } });
  return {
    title: 'Space, with indexes',
    columns: [{ key: 'size', label: 'size', unit: 'bytes' }],
    rows: [
      row('a limit event', space.bytesPerEvent),
      row('a limit event without indexes', space.tableBytesPerEvent),
      row('a million days of an account and an API', space.bytesPerMillionDays),
      row('a subject', space.bytesPerSubject),
    ],
  };
}

/** For each goal, its slowest read. */
function worstByGoal(timings: readonly Timing[]): Record<string, Summary> {
  const worst: Record<string, Summary> = {};
  for (const { read, rounds } of timings) {
    const summary = summarise([...rounds]);
    if (read.goal !== undefined && summary.median > (worst[read.goal]?.median ?? -1)) worst[read.goal] = summary;
  }
  return worst;
}

async function checkSpace({ servers, plan }: Bench): Promise<void> {
  const { subjects, events } = plan.reads;
  const needed = subjects * BYTES_A_SUBJECT + events * BYTES_AN_EVENT;
  const { bavail, bsize } = await statfs(servers.folder);
  if (bavail * bsize >= needed) return;
  throw new Error(
    `reads needs ${Math.ceil(needed / 1e9)} GB in ${servers.folder}, but only ${Math.floor((bavail * bsize) / 1e9)} are free: set TMPDIR to another disk, or --subjects and --events`,
  );
}
