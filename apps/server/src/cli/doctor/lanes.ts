import { setTimeout as wait } from 'node:timers/promises';
import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** The same question several times in a second: a batch holds its lanes for a few milliseconds. */
const SAMPLES = 20;
const SAMPLE_EVERY_MS = 50;

interface Row {
  readonly working: number;
  readonly waiting: number;
  /** Sessions that have held a lane for longer than any batch does. */
  readonly holders: string[];
}

/**
 * Checks whether batches wait for the lanes of other batches more than they work. The number of stripes limits how many
 * batches work at once, on all instances together.
 */
export async function checkLanes(database: Queryable): Promise<Check> {
  const samples: Row[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    if (i > 0) await wait(SAMPLE_EVERY_MS);
    samples.push(await sample(database));
  }
  const average = (of: (row: Row) => number) => samples.reduce((sum, row) => sum + of(row), 0) / SAMPLES;
  const working = round(average((row) => row.working));
  const waiting = round(average((row) => row.waiting));
  const { holders } = samples.at(-1) as Row;
  const found = { name: 'lanes', facts: { workingBatches: working, waitingBatches: waiting, holders } };
  const detail = `on average ${working} batches work, and ${waiting} wait for lanes`;
  if (holders.length > 0)
    return {
      ...found,
      status: 'warning',
      detail: `${detail}; held for more than a second by ${holders.join(', ')}`,
      meaning: 'Calls of these lanes wait for their whole budget, and are then decided by the outage mode.',
      remedy: ['end the transaction that holds them: SELECT pg_terminate_backend(<pid>)'],
    };
  if (waiting < 1 || waiting <= working) return { ...found, status: 'ok', detail };
  return {
    ...found,
    status: 'warning',
    detail,
    meaning: 'Decisions wait for each other. Unless the database server is busy, it could make more of them at once.',
    remedy: [
      'if cores of the database server are idle: set stripes of every instance to the number of its cores, at most 4',
      'otherwise: more or faster cores, or a faster disk',
    ],
  };
}

async function sample(database: Queryable): Promise<Row> {
  const { rows } = await database.query<{ [Column in keyof Row]: Row[Column] }>(`
    SELECT count(*) FILTER (WHERE query ~ 'rollgate[.]acquire(_lane)?[(]' AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock')::int AS working,
           count(*) FILTER (WHERE wait_event_type = 'Lock' AND wait_event = 'advisory')::int AS waiting,
           ARRAY(SELECT DISTINCT s.usename || ' (pid ' || s.pid || ')' FROM pg_locks l JOIN pg_stat_activity s USING (pid)
                 WHERE l.locktype = 'advisory' AND l.classid = 7605 AND l.granted AND s.datname = current_database()
                   AND clock_timestamp() - s.xact_start > interval '1 second' ORDER BY 1 LIMIT 20) AS holders
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'rollgate'`);
  return rows[0] as Row;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
