/** SQL for stored-reads.ts: heads and archived minutes. */

/**
 * Each subject has a newest minute with 3 units in 3 seconds, and an archived minute ten minutes before. The age of the newest minute is
 * up to a day (after which the janitor removes heads): 1,440 minutes times a random number to the power of 1.4, so about a tenth of all
 * subjects has units in the last hour. The order of rows has nothing to do with their age. One in 500 has used nine tenths of its hour.
 * $1: subjects.
 */
const DRAWN = `
  CREATE TEMPORARY TABLE drawn AS
  SELECT a.lane, a.account || '/' || p.api || '/bot=bot-' || d.i / 20 AS subject, d.minute, d.is_near,
         CASE WHEN d.is_near THEN p.per_hour * 9 / 10 ELSE 5 END AS before
  FROM (
    SELECT i, CASE WHEN i % 1000 = 0 THEN 0 ELSE i % n.accounts END AS account,
           (extract(epoch FROM clock_timestamp()) / 60)::int - 1 - floor(power(random(), 1.4) * 1440)::int AS minute, random() < 0.002 AS is_near
    FROM generate_series(0, $1::int - 1) i CROSS JOIN (SELECT count(*)::int AS accounts FROM named_account) n
    OFFSET 0
  ) d
  JOIN named_account a ON a.n = d.account
  JOIN named_api p ON p.n = d.i / 100 % 20`;

const MINUTES = `INSERT INTO rollgate.bucket (lane, subject, minute, start, secs, sums)
  SELECT d.lane, d.subject, d.minute - 10, 0, '{30}', ARRAY[d.before] FROM drawn d`;

const HEADS = `INSERT INTO rollgate.counter (lane, subject, minute, total, prev_start, hour_start, hour_next, secs, sums, near_hour)
  SELECT d.lane, d.subject, d.minute, d.before + 3, d.before, 0, (d.minute - 10) * 60 + 30, '{7,27,47}', '{1,2,3}',
         CASE WHEN d.is_near THEN d.minute / 60 END
  FROM drawn d`;

/** Primary keys are built after loading: sorting once is several times as fast as inserting in random order. */
export const HEADS_AND_MINUTES = [
  { sql: 'TRUNCATE rollgate.counter, rollgate.bucket', isSized: false },
  { sql: DRAWN, isSized: true },
  {
    sql: `ALTER TABLE rollgate.counter DROP CONSTRAINT counter_pkey; ALTER TABLE rollgate.bucket DROP CONSTRAINT bucket_pkey;
      DROP INDEX rollgate.counter_values`,
    isSized: false,
  },
  { sql: MINUTES, isSized: false },
  { sql: HEADS, isSized: false },
  { sql: 'DROP TABLE drawn', isSized: false },
  {
    sql: `ALTER TABLE rollgate.counter ADD CONSTRAINT counter_pkey PRIMARY KEY (lane, subject);
      ALTER TABLE rollgate.bucket ADD CONSTRAINT bucket_pkey PRIMARY KEY (lane, subject, minute);
      CREATE INDEX counter_values ON rollgate.counter USING gin (rollgate.value_hashes(subject)) WITH (gin_pending_list_limit = 2147483647)`,
    isSized: false,
  },
] as const;
