import pg from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { type Contender, type ContenderOptions, PEER_CONNECTIONS } from './contender.js';
import { consumeBoth, HOUR_SECONDS, MINUTE_SECONDS } from './rlf.js';

/** rate-limiter-flexible on Postgres: a `pg` pool, the package's prepared statements, both windows in parallel. */
export class RlfPostgres implements Contender {
  readonly #options: ContenderOptions;
  readonly #pool: pg.Pool;
  #minute!: RateLimiterPostgres;
  #hour!: RateLimiterPostgres;

  constructor(options: ContenderOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({ connectionString: options.databaseUrl, max: PEER_CONNECTIONS });
  }

  async open(): Promise<void> {
    const { perMinute, perHour } = this.#options.limits;
    this.#minute = await this.#limiter({ tableName: 'rlf_minute', points: perMinute, duration: MINUTE_SECONDS });
    this.#hour = await this.#limiter({ tableName: 'rlf_hour', points: perHour, duration: HOUR_SECONDS });
  }

  decide(account: string, subject: string): Promise<boolean> {
    return consumeBoth(`${account}:${subject}`, { minute: this.#minute, hour: this.#hour });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #limiter(window: { tableName: string; points: number; duration: number }): Promise<RateLimiterPostgres> {
    return new Promise((resolve, reject) => {
      const limiter = new RateLimiterPostgres(
        { storeClient: this.#pool, keyPrefix: window.tableName, ...window, inMemoryBlockOnConsumed: window.points },
        (error) => (error ? reject(error) : resolve(limiter)),
      );
    });
  }
}
