/**
 * Yardsticks for the decision: Rollgate with a `rollgate.acquire` that does less. Everything around the function is the same:
 * instance, batches, pipelines, lanes and locks.
 *
 * Invariant: each yardstick has its own database, in which nothing else decides.
 */
import pg from 'pg';
import type { ContenderOptions } from './contender.js';
import { Rollgate } from './rollgate.js';

/** The storage parameters of Rollgate's own table (migrations/001-baseline.sql). */
const STORAGE = 'fillfactor = 60, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 1';

/** SQL of a function that locks the lanes, reads the clock, runs `decide`, and returns that every call is allowed. */
function acquire(decide: string): string {
  return `
    CREATE OR REPLACE FUNCTION rollgate.acquire(
      p_lanes int[], p_subjects text[], p_costs int[], p_calls int[], p_per_minute int[], p_per_hour int[],
      p_now timestamptz DEFAULT NULL, p_durable boolean DEFAULT true,
      OUT now_ms bigint, OUT item int[], OUT granted int[], OUT minute_used int[], OUT hour_used int[], OUT minute_reset int[],
      OUT hour_reset int[], OUT retry_at int[], OUT second int[]
    ) LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
    AS $$
    #variable_conflict use_column
    DECLARE
      v_now    timestamptz;
      v_minute int;
      v_sec    smallint;
      v_count  int := cardinality(p_subjects);
      v_found  int;
      v_set    text;
    BEGIN
      IF NOT p_durable THEN
        v_set := set_config('synchronous_commit', 'off', true);
        v_set := set_config('rollgate.granted', 'yes', false);
      END IF;
      PERFORM rollgate.enter_lanes(VARIADIC p_lanes);
      v_now := coalesce(p_now, clock_timestamp());
      v_minute := floor(extract(epoch FROM v_now) / 60);
      v_sec := floor(extract(second FROM v_now));
      now_ms := floor(extract(epoch FROM v_now) * 1000);
      item := array_positions(array_fill(1, ARRAY[v_count]), 1);
      ${decide}
      granted := p_calls;
      minute_used := coalesce(minute_used, array_fill(0, ARRAY[v_count]));
      hour_used := coalesce(hour_used, minute_used);
      minute_reset := array_fill(60 * (v_minute + 1), ARRAY[v_count]);
      hour_reset := array_fill(3600 * (v_minute / 60 + 1), ARRAY[v_count]);
      retry_at := array_fill(NULL::int, ARRAY[v_count]);
      second := array_fill(60 * v_minute + v_sec, ARRAY[v_count]);
    END $$`;
}

const BARE_UPDATE = `
  CREATE TABLE IF NOT EXISTS rollgate.bare (
    n bigint NOT NULL, lane int NOT NULL, subject text COLLATE "C" NOT NULL, PRIMARY KEY (lane, subject)
  ) WITH (${STORAGE});
  ${acquire(`
    UPDATE rollgate.bare b SET n = b.n + i.calls
    FROM (SELECT unnest(p_lanes) AS lane, unnest(p_subjects) AS subject, unnest(p_calls) AS calls) i
    WHERE b.lane = i.lane AND b.subject = i.subject;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    IF v_found < v_count THEN
      INSERT INTO rollgate.bare (n, lane, subject) SELECT 1, l, s FROM unnest(p_lanes, p_subjects) AS i (l, s) ON CONFLICT DO NOTHING;
    END IF;`)}`;

/** SQL of two fixed windows. `columns` and `assign` define what is stored in addition to the two sums. */
function fixedWindows({ columns, assign }: { columns: string; assign: string }): string {
  return `
    CREATE TABLE IF NOT EXISTS rollgate.fixed (
      lane int NOT NULL, subject text COLLATE "C" NOT NULL, minute int NOT NULL, ${columns}
      in_minute int NOT NULL, in_hour int NOT NULL, PRIMARY KEY (lane, subject)
    ) WITH (${STORAGE});
    ${acquire(`
      WITH decided AS (
        UPDATE rollgate.fixed f
        SET minute = v_minute, ${assign}
            in_minute = CASE WHEN f.minute = v_minute THEN f.in_minute ELSE 0 END + i.units,
            in_hour = CASE WHEN f.minute / 60 = v_minute / 60 THEN f.in_hour ELSE 0 END + i.units
        FROM (SELECT unnest(p_lanes) AS lane, unnest(p_subjects) AS subject, unnest(p_costs) * unnest(p_calls) AS units,
                     unnest(p_per_minute) AS per_minute, unnest(p_per_hour) AS per_hour) i
        WHERE f.lane = i.lane AND f.subject = i.subject
          AND CASE WHEN f.minute = v_minute THEN f.in_minute ELSE 0 END + i.units <= i.per_minute
          AND CASE WHEN f.minute / 60 = v_minute / 60 THEN f.in_hour ELSE 0 END + i.units <= i.per_hour
        RETURNING f.in_minute - i.units AS minute_used, f.in_hour - i.units AS hour_used
      )
      SELECT count(*), array_agg(minute_used), array_agg(hour_used) INTO v_found, minute_used, hour_used FROM decided;
      IF v_found < v_count THEN
        INSERT INTO rollgate.fixed (lane, subject, minute, in_minute, in_hour)
        SELECT l, s, v_minute, 1, 1 FROM unnest(p_lanes, p_subjects) AS i (l, s) ON CONFLICT DO NOTHING;
        minute_used := NULL;
        hour_used := NULL;
      END IF;`)}`;
}

const NEWEST = 'cardinality(f.secs) + (f.secs[cardinality(f.secs)] < v_sec)::int';

/** Writes what a grant of Rollgate writes into its own table, without windows, limits, roll-over or usage in the answer. */
const HEAD_UPDATE = acquire(`
      UPDATE rollgate.counter head
      SET total = head.total + i.units,
          secs[rollgate.grant_place(head.secs, v_sec - 1::smallint)] = v_sec,
          sums[rollgate.grant_place(head.secs, v_sec - 1::smallint)] = head.sums[cardinality(head.sums)] + i.units
      FROM (SELECT unnest(p_lanes) AS lane, unnest(p_subjects) AS subject, unnest(p_costs) * unnest(p_calls) AS units) i
      WHERE head.lane = i.lane AND head.subject = i.subject;
      GET DIAGNOSTICS v_found = ROW_COUNT;
      IF v_found < v_count THEN
        INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start)
        SELECT l, s, v_minute, 1, ARRAY[v_sec], ARRAY[1], 0, 0 FROM unnest(p_lanes, p_subjects) AS i (l, s) ON CONFLICT DO NOTHING;
      END IF;`);

const FUNCTIONS = {
  /** The cost of a durable row update per allowed call: no windows, no limit, no usage in the answer. */
  'bare-update': BARE_UPDATE,
  /** The simplest decision by two windows: one narrow row, fixed windows, and their usage in the answer. */
  'fixed-windows': fixedWindows({ columns: '', assign: '' }),
  /** The same, with units kept by second, as rolling windows need them. The function does not read or archive these units. */
  'fixed-windows-by-second': fixedWindows({
    columns: `secs smallint[] NOT NULL DEFAULT '{0}', sums int[] NOT NULL DEFAULT '{1}',`,
    assign: `secs[${NEWEST}] = v_sec, sums[${NEWEST}] = f.sums[cardinality(f.sums)] + i.units,`,
  }),
  /** The cost of updating Rollgate's own row: a bound for any decision that keeps this row. */
  'head-update': HEAD_UPDATE,
} as const;

export type YardstickFunction = keyof typeof FUNCTIONS;

export class WithFunction extends Rollgate {
  readonly #databaseUrl: string;
  readonly #sql: string;

  constructor(name: YardstickFunction, options: ContenderOptions) {
    super(options);
    this.#databaseUrl = options.databaseUrl;
    this.#sql = FUNCTIONS[name];
  }

  override async open(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#databaseUrl });
    await client.connect();
    await client.query(this.#sql);
    await client.end();
    await super.open();
  }
}
