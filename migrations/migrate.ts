import { checkEngine, type Engine, EngineError } from '@rollgate/contract/database-engine';
import type pg from 'pg';
import type { MigrationInterface } from 'typeorm';
import { Baseline001 } from './001-baseline.js';
import { grantAccess } from './access.js';
import { distribute } from './citus.js';
import { type ConnectOptions, connect } from './connect.js';
import { type DatabaseState, isOf010, readDatabaseState } from './database-state.js';
import { bringOver } from './from-0.1.0.js';
import { OWNER, type RoleMode } from './groups.js';
import { explainLockTimeout, takeMigrationLock } from './lock.js';
import { PreflightError, preflight, quoted } from './preflight.js';
import { completeRoles } from './roles.js';
import { type Runner, shortName } from './run-sql.js';

// Invariants: one migration is one transaction, which holds the migration lock and checks again what is applied. A migration whose
// name is in rollgate.migration never runs again. Everything that could stop a migration is checked before it changes anything. If
// nothing is pending, nothing is locked or changed.

/** The form of TypeORM, so that its tools can read the list. A migration uses only `query` of its runner. */
export interface Migration extends MigrationInterface {
  readonly name: string;
  up(runner: Runner): Promise<void>;
}

/** Every migration, oldest first. */
export const migrations: ReadonlyArray<new () => Migration> = [Baseline001];

export interface MigrateOptions extends ConnectOptions {
  /**
   * `own` gives the objects to `rollgate_owner` and rights to groups; `none` creates no roles: everything belongs to the user that
   * migrates. Default: the mode of earlier migrations, or `own` for a new database.
   */
  readonly roles?: RoleMode | undefined;
  /** How long to wait for another migration, or for a table that is in use. Default: 60,000 ms. */
  readonly lockTimeoutMs?: number;
  /** Whether to repeat roles and grants if nothing is pending, e.g. after a restore on another server. */
  readonly repairAccess?: boolean;
  readonly onProgress?: (line: string) => void;
  /** Gets warnings for the person who migrates. Default: `onProgress`, with `warning: ` before the text. */
  readonly onWarning?: (line: string) => void;
}

/**
 * Brings the database up to date.
 * @returns the names of the migrations that this call applied, oldest first, e.g. `['001-baseline']`
 * @throws DatabaseUnavailableError when the database cannot be reached
 * @throws PreflightError when something is missing or the schemas belong to another application; nothing was changed
 * @throws MigrationLockError when a lock was not free in time; it names the holder
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { onProgress = () => undefined, onWarning = (line) => onProgress(`warning: ${line}`) } = options;
  const client = await connect(options);
  client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING' && message !== undefined) onWarning(message);
  });
  try {
    const engine = await engineOf(client);
    const run = new Run(client, { ...options, onProgress, citus: engine.id === 'citus' });
    const applied: string[] = [];
    if (options.repairAccess === true) await run.next({ repair: true });
    for (let name = await run.next(); name !== undefined; name = await run.next()) applied.push(name);
    return applied;
  } finally {
    await client.end();
  }
}

/** The names of the migrations that the database still lacks, oldest first. Changes nothing. */
export async function pendingMigrations(options: ConnectOptions): Promise<string[]> {
  const client = await connect(options);
  try {
    await engineOf(client);
    const { applied } = await readDatabaseState(client);
    return pendingAfter(applied).map(({ name }) => shortName(name));
  } finally {
    await client.end();
  }
}

// The state of the database is read with catalogs that other engines lack, so this comes first.
async function engineOf(client: pg.Client): Promise<Engine> {
  try {
    return await checkEngine(client);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new PreflightError([`${error.message}. Nothing was changed.`]);
  }
}

function pendingAfter(applied: readonly string[]): Migration[] {
  return migrations.map((Each) => new Each()).filter(({ name }) => !applied.includes(name));
}

const MOST_ATTEMPTS = 5;

/** Another database of the server created or changed the same role at the same time. A retry finds its changes. */
const PASSING = ['23505', '42710', '40P01', 'XX000'];

type RunOptions = MigrateOptions & { readonly onProgress: (line: string) => void; readonly citus: boolean };

class Run {
  readonly #client: pg.Client;
  readonly #options: RunOptions;
  readonly #lockTimeoutMs: number;
  #hasLock = false;

  constructor(client: pg.Client, options: RunOptions) {
    this.#client = client;
    this.#options = options;
    this.#lockTimeoutMs = options.lockTimeoutMs ?? 60_000;
  }

  /** Applies the next migration and returns its name; `undefined` if nothing is pending. */
  async next({ repair = false } = {}): Promise<string | undefined> {
    const state = await this.#look();
    if (!repair && this.#nothingPending(state)) return undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const name = await this.#transaction(() => this.#step(repair));
        if (name !== undefined)
          this.#options.onProgress(`${isOf010(state.applied) ? 'brought 0.1.0 over to' : 'applied'} ${name}`);
        return name;
      } catch (error) {
        const { code = '' } = error as { code?: string };
        if (code === '55P03') throw await this.#explain();
        if (!PASSING.includes(code) || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  #nothingPending(state: DatabaseState): boolean {
    if (pendingAfter(state.applied).length > 0) return false;
    // An option that contradicts the database is an error in this case, too.
    if (this.#options.roles !== undefined) this.#preflight(state);
    return true;
  }

  /** Reads one consistent state, and checks everything that would stop the migration. */
  async #look(): Promise<DatabaseState> {
    await this.#client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      const state = await readDatabaseState(this.#client);
      if (pendingAfter(state.applied).length > 0 || this.#options.repairAccess === true) this.#preflight(state);
      return state;
    } finally {
      await this.#client.query('ROLLBACK').catch(() => undefined);
    }
  }

  #preflight(state: DatabaseState): RoleMode {
    const { roles, citus } = this.#options;
    return preflight(state, { roles, citus, known: migrations.map((Each) => new Each().name) });
  }

  async #step(repair: boolean): Promise<string | undefined> {
    await takeMigrationLock(this.#client, this.#options.onProgress);
    this.#hasLock = true;
    // Check again now that no other migration can run, because another one may have applied what was pending.
    const state = await readDatabaseState(this.#client);
    const [migration] = pendingAfter(state.applied);
    // A migration always repeats roles and grants.
    if (repair ? migration !== undefined : migration === undefined) return undefined;
    const mode = this.#preflight(state);
    if (mode === 'own') await completeRoles(this.#client, state);
    await this.#becomeOwner(state, mode);
    if (migration === undefined) await grantAccess(this.#client, mode);
    else await this.#apply(migration, { state, mode });
    return migration === undefined ? undefined : shortName(migration.name);
  }

  /** Creates missing schemas, changes the owner of the others, and continues as that owner. */
  async #becomeOwner(state: DatabaseState, mode: RoleMode): Promise<void> {
    const { schemas, migrationTable, applied, server } = state;
    const owner = mode === 'own' ? OWNER : server.user;
    const client = this.#client;
    for (const name of ['rollgate', 'rollgate_audit']) {
      const found = schemas.find((schema) => schema.name === name);
      if (found === undefined) await client.query(`CREATE SCHEMA ${name} AUTHORIZATION ${quoted(owner)}`);
      else if (found.owner !== owner) await client.query(`ALTER SCHEMA ${name} OWNER TO ${quoted(owner)}`);
    }
    if (migrationTable !== undefined && migrationTable.owner !== owner)
      await client.query(`ALTER TABLE rollgate.migration OWNER TO ${quoted(owner)}`);
    if (isOf010(applied)) await client.query(`ALTER TYPE rollgate.author OWNER TO ${quoted(owner)}`);
    if (mode === 'own') await client.query(`SET LOCAL ROLE ${OWNER}`);
    await client.query(MIGRATION_TABLE);
  }

  async #apply(migration: Migration, { state, mode }: { state: DatabaseState; mode: RoleMode }): Promise<void> {
    const client = this.#client;
    const carriesOver = isOf010(state.applied) && migration instanceof Baseline001;
    if (carriesOver) await bringOver(client);
    else await migration.up(client);
    if (this.#options.citus) await distribute(client);
    if (migration instanceof Baseline001)
      await client.query('INSERT INTO rollgate.installation (roles) VALUES ($1)', [mode]);
    await grantAccess(client, mode);
    const number = Number(/\d{13}$/.exec(migration.name)?.[0]);
    await client.query('INSERT INTO rollgate.migration (timestamp, name) VALUES ($1, $2)', [number, migration.name]);
  }

  async #transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    const client = this.#client;
    this.#hasLock = false;
    // READ COMMITTED, so that changes of another migration are visible after waiting for the lock.
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
    try {
      await client.query(
        `SET LOCAL lock_timeout = ${this.#lockTimeoutMs}; SET LOCAL statement_timeout = 0;
         SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL search_path = pg_catalog`,
      );
      const result = await work();
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  #explain(): Promise<Error> {
    return explainLockTimeout(this.#client, { lockTimeoutMs: this.#lockTimeoutMs, hadLock: this.#hasLock });
  }
}

// The table as TypeORM creates it, so that its tools find it.
const MIGRATION_TABLE = `CREATE TABLE IF NOT EXISTS rollgate.migration (
  id serial CONSTRAINT "PK_3043fc6b8af7c99b8b98830094f" PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)`;
