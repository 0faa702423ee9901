import type { Catalogue } from '@rollgate/contract';
import type { DatabaseUrl, Password } from './connections/database-login.js';
import type { EventOptions } from './events/recorder.js';
import type { OutageModes } from './outage/outage.js';
import type { OnReport } from './reports.js';
import type { JanitorOptions } from './store/janitor.js';

/** Options of `createPostgresLimiter`. Only `databaseUrl` is required. */
export interface PostgresLimiterOptions {
  /**
   * `postgres://user:password@host:5432/database`, or a function that returns it. The function is called for each new
   * connection, so a rotated password takes effect without a restart. The database must be prepared by `rollgate
   * migrate`.
   */
  readonly databaseUrl: DatabaseUrl;
  /** The password, or a function that returns it, called for each new connection. It takes precedence over the URL's. */
  readonly password?: Password;
  /**
   * The APIs of this application, with their default limits. They are registered in the database at the start, and
   * replace those that this application registered earlier. Left out: the limiter knows every API that any application
   * has registered, and registers none.
   */
  readonly catalogue?: Catalogue;
  /**
   * The name under which the APIs are registered: 1 to 64 letters, digits and the characters `@ / _ . -`. Programs with
   * different catalogues need different names. By default the `name` in the package.json nearest to the main script.
   */
  readonly application?: string;
  /** More APIs, which exist only in this program: they are not registered, and no other program knows them. */
  readonly ownApis?: Catalogue;
  /**
   * `true` for a program that only reads limits and usage, such as a command: it is not listed as an instance, and
   * registers and records nothing. Default: `false`.
   */
  readonly observer?: boolean;
  /**
   * Groups of lanes whose batches run concurrently on this instance, 2 by default. Fewer stripes give larger batches,
   * and the fixed cost of a batch outweighs the cost of its rows. Set it to the number of cores that the database
   * server has for decisions, at most 4, on every instance. With 64, each batch contains one lane.
   */
  readonly stripes?: number;
  /**
   * Connections for decisions, equal to `stripes` by default, and one more for flushes unless `pooled` is set. They are
   * opened at start and kept open. The limiter uses 2 more for reading usage, refunds and resets, and 3 for background
   * work.
   */
  readonly connections?: number;
  /**
   * Time from a call's start to its decision, in ms, 150 by default. If the database has not decided by then, `outage`
   * applies. Twice the measured round trip to the database, at most 500 ms, is added, so that a distant but healthy
   * database is not treated as an outage. No call takes longer than `budgetMs` plus 500 ms.
   */
  readonly budgetMs?: number;
  /** How calls are decided while the database does not answer; with `false`, `acquire` rejects with its error. */
  readonly outage?: false | OutageModes;
  /**
   * While the database is unavailable, each instance allows its share of half the limit. The database counts the
   * instances that share it. Set `instances` only to raise that number, for example when more instances will start than
   * have run in the last hour.
   */
  readonly instances?: number;
  /** Set to `true` for a transaction pooler, such as PgBouncer in transaction mode. */
  readonly pooled?: boolean;
  /** Largest number of rows in a batch, 1,000 by default. */
  readonly maxBatchItems?: number;
  /** Largest number of denied subjects that this instance remembers, 100,000 by default. */
  readonly maxDeniedSubjects?: number;
  /** How old counters are removed. Set to `false` if another process removes them, such as the Rollgate service. */
  readonly janitor?: false | Pick<JanitorOptions, 'keepSeconds' | 'everyMs'>;
  /** How denials are recorded. With `false` they are not recorded and can't be explained later. */
  readonly events?: false | EventOptions;
  /** Interval for reading changed limits and subjects freed on other instances, in ms, 1,000 by default. */
  readonly pollEveryMs?: number;
  /** Current time in Unix ms, for tests that control time. By default the database's clock is used. */
  readonly clock?: () => number;
  /**
   * Receives each change of the limiter's state once: it is waiting for its database, decides without it, has
   * recovered, loses events, or may have outdated limits. By default these are written with `console.warn`, or to
   * Nest's logger in an application with `RollgateModule`.
   */
  readonly onReport?: OnReport;
  /**
   * Receives every background fault, including repeated ones, such as a lost idle connection or a failed sweep or poll.
   */
  readonly onError?: (error: unknown) => void;
}
