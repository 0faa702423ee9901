/**
 * A yardstick for throughput and for one caller alone: what Postgres itself takes for a durable row update a grant. The same
 * node code, batches, lanes and locks as Rollgate's, but no limit, no window and no answer to work out.
 */
import { Limiter, type Store } from '@rollgate/limiter';
import pg from 'pg';
import type { Contender, ContenderOptions } from './contender.js';
import { BENCH_API, benchCatalogue } from './rollgate.js';

/** As many connections as the limiter has stripes. */
const STRIPES = 2;

const TABLE = `
  CREATE TABLE IF NOT EXISTS bare (
    n bigint NOT NULL, lane int NOT NULL, subject text COLLATE "C" NOT NULL, PRIMARY KEY (lane, subject)
  ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 1);
  CREATE OR REPLACE FUNCTION bare_update(p_lanes int[], p_subjects text[], p_calls int[]) RETURNS int
  LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
  AS $$
  DECLARE v_found int;
  BEGIN
    PERFORM rollgate.enter_lanes(VARIADIC p_lanes);
    UPDATE bare b SET n = b.n + p_calls[i.ord]
    FROM unnest(p_subjects) WITH ORDINALITY AS i (subject, ord)
    WHERE b.lane = p_lanes[i.ord] AND b.subject = i.subject;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    IF v_found < cardinality(p_subjects) THEN
      INSERT INTO bare (n, lane, subject) SELECT 1, l, s FROM unnest(p_lanes, p_subjects) AS i (l, s) ON CONFLICT DO NOTHING;
    END IF;
    RETURN v_found;
  END $$`;

const UPDATE = { name: 'bare_update', text: 'SELECT bare_update($1, $2, $3)' };

const refuse = (): Promise<never> => Promise.reject(new Error('a yardstick only counts'));

class BareStore implements Store {
  readonly peek = refuse;
  readonly list = refuse;
  readonly refund = refuse;
  readonly reset = refuse;
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async acquire(items: Parameters<Store['acquire']>[0]): ReturnType<Store['acquire']> {
    await this.#pool.query({
      ...UPDATE,
      values: [
        `{${items.map(({ lane }) => lane).join()}}`,
        `{"${items.map(({ subject }) => subject).join('","')}"}`,
        `{${items.map(({ calls }) => calls).join()}}`,
      ],
    });
    const nowMs = Date.now();
    const nothing = { minuteUsed: 0, hourUsed: 0, minuteResetAt: null, hourResetAt: null, retryAt: null };
    return { nowMs, rows: items.map(({ calls }) => ({ granted: calls, ...nothing })) };
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

export class BareUpdate implements Contender {
  readonly #options: ContenderOptions;
  #limiter!: Limiter;

  constructor(options: ContenderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { databaseUrl, limits } = this.#options;
    const pool = new pg.Pool({ connectionString: databaseUrl, max: STRIPES });
    await pool.query(TABLE);
    this.#limiter = new Limiter({ store: new BareStore(pool), catalogue: benchCatalogue(limits), stripes: STRIPES });
  }

  decide(account: string, subject: string): Promise<boolean> {
    return this.#limiter
      .acquire({ account, api: BENCH_API, dimensions: { bot: subject } })
      .then(({ allowed }) => allowed);
  }

  close(): Promise<void> {
    return this.#limiter.close();
  }
}
