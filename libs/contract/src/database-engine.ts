/**
 * Recognizes the engine of a database. Many engines speak the protocol of Postgres, but not all of them have what Rollgate
 * depends on: advisory locks that block, and a READ COMMITTED under which each statement sees everything that was committed
 * before it began.
 */

/** What is read from a database to recognize its engine. */
export interface EngineFacts {
  /** The result of `version()`. */
  readonly version: string;
  /** Objects and settings that only some engines have, e.g. `extension citus` or `function aurora_version`. */
  readonly marks: readonly string[];
}

/** An engine with its name for people, why Rollgate refuses it, and what to set on it. */
export interface Engine {
  readonly id: EngineId;
  readonly name: string;
  /** Why Rollgate refuses this engine; `undefined`: it does not. */
  readonly refusal?: string;
  /** What an operator of this engine has to know or set. */
  readonly advice: readonly string[];
  /** Settings that say nothing about durability on this engine, because its storage is not that of Postgres. */
  readonly withoutMeaning: readonly string[];
  /** The values of `synchronous_commit` under which an acknowledged commit is durable; `undefined`: all but `off`. */
  readonly durableCommits?: readonly string[];
}

type EngineId = keyof typeof ENGINES;

type Described = Omit<Engine, 'id' | 'advice' | 'withoutMeaning'> & {
  readonly advice?: readonly string[];
  readonly withoutMeaning?: readonly string[];
  readonly isOf: (facts: EngineFacts) => boolean;
};

const has = (mark: string) => (facts: EngineFacts) => facts.marks.includes(mark);

// In the order in which they are recognized.
const ENGINES = {
  // https://github.com/cockroachdb/cockroach/issues/13546, https://github.com/cockroachdb/docs/pull/18154
  cockroachdb: {
    name: 'CockroachDB',
    isOf: ({ version }) => version.startsWith('CockroachDB'),
    refusal:
      'its advisory locks are missing or do nothing, depending on its version, so decisions of several instances would exceed the limits without an error',
  },
  // https://docs.yugabyte.com/stable/architecture/transactions/read-committed: the flag yb_enable_read_committed_isolation
  yugabytedb: {
    name: 'YugabyteDB',
    isOf: ({ version }) => /^PostgreSQL \S*-YB-/.test(version),
    refusal:
      'unless the cluster is configured otherwise, its READ COMMITTED reads a snapshot from before the wait for a lock, and its advisory locks fail or do nothing in versions before 2025.1, so decisions would exceed the limits without an error',
  },
  // https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-concurrency-control.html
  'aurora-dsql': {
    name: 'Amazon Aurora DSQL',
    isOf: has('relation sys.iam_pg_role_mappings'),
    refusal:
      'it has no locks: each transaction reads one snapshot, and commits that conflict fail instead of waiting, so calls of a busy account would fail',
  },
  // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/limitless-monitoring-views.html
  'aurora-limitless': {
    name: 'Amazon Aurora PostgreSQL Limitless Database',
    isOf: (facts) => has('relation rds_aurora.limitless_tables')(facts) || /-limitless\b/.test(facts.version),
    refusal:
      'its routers do not share advisory locks, so decisions that arrive over different routers would exceed the limits without an error',
  },
  'citus-worker': {
    name: 'a worker of a Citus cluster',
    isOf: (facts) => has('extension citus')(facts) && has('citus worker')(facts),
    refusal: 'it holds only a part of the data: point DATABASE_URL to the coordinator of the cluster',
  },
  aurora: {
    name: 'Amazon Aurora PostgreSQL',
    isOf: has('function aurora_version'),
    advice: [
      'use the cluster (writer) endpoint: the reader endpoint and the endpoint of one instance cannot decide after a failover',
      'leave synchronous_commit on in the parameter group: a commit then waits for a quorum of the storage',
    ],
    // The storage writes pages from the log itself.
    withoutMeaning: ['full_page_writes'],
  },
  // https://cloud.google.com/alloydb/docs/database-users/overview
  alloydb: {
    name: 'Google AlloyDB',
    isOf: has('role alloydbsuperuser'),
    advice: [
      'use the address of the primary instance, not that of a read pool',
      'with managed connection pooling in transaction mode set ROLLGATE_POOLED=true',
    ],
    withoutMeaning: ['full_page_writes'],
  },
  // https://neon.tech/docs/reference/compatibility
  neon: {
    name: 'Neon',
    isOf: (facts) => has('setting neon.timeline_id')(facts) || has('role neon_superuser')(facts),
    advice: [
      'use the direct endpoint; with the pooled one (-pooler in the host name) set ROLLGATE_POOLED=true',
      'turn scale to zero off: the first calls after a suspension would be decided without the database',
    ],
    // Commits are made durable by the safekeepers, which are synchronous standbys, not by the disk of the compute.
    withoutMeaning: ['fsync', 'full_page_writes'],
    durableCommits: ['remote_write', 'on', 'remote_apply'],
  },
  // https://supabase.com/docs/guides/database/connecting-to-postgres
  supabase: {
    name: 'Supabase',
    isOf: has('role supabase_admin'),
    advice: [
      'use the direct connection or the session pooler (port 5432); with the transaction pooler (port 6543) set ROLLGATE_POOLED=true',
      'the schemas rollgate and rollgate_audit must not be in the list of exposed schemas of the data API',
    ],
  },
  citus: { name: 'Citus', isOf: has('extension citus') },
  postgres: { name: 'PostgreSQL', isOf: () => true },
} as const satisfies Readonly<Record<string, Described>>;

/** The part of a client or pool that the reading uses. */
interface EngineReader {
  query(text: string): Promise<{ rows: ReadonlyArray<Readonly<Record<string, unknown>>> }>;
}

// Only catalogs that each login may read.
const READ_MARKS = `
  SELECT 'extension ' || e.extname AS mark FROM pg_catalog.pg_extension e WHERE e.extname = 'citus'
  UNION ALL
  SELECT 'function ' || p.proname FROM pg_catalog.pg_proc p WHERE p.proname = 'aurora_version'
  UNION ALL
  SELECT 'relation ' || n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE (n.nspname, c.relname) IN (('sys', 'iam_pg_role_mappings'), ('rds_aurora', 'limitless_tables'))
  UNION ALL
  SELECT 'role ' || r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname IN ('alloydbsuperuser', 'neon_superuser', 'supabase_admin')
  UNION ALL
  SELECT 'setting ' || s.name FROM (VALUES ('neon.timeline_id')) AS s (name)
  WHERE pg_catalog.current_setting(s.name, true) IS NOT NULL`;

/** Reads what an engine is recognized by. Every engine answers the first statement; the next ones need the catalogs of Postgres. */
export async function readEngineFacts(database: EngineReader): Promise<EngineFacts> {
  const version = String((await database.query('SELECT version() AS version')).rows[0]?.['version']);
  const marks: string[] = [];
  if (engineOf({ version, marks }).id !== 'postgres') return { version, marks };
  for (const { mark } of (await database.query(READ_MARKS)).rows) marks.push(String(mark));
  if (marks.includes('extension citus')) {
    const { rows } = await database.query('SELECT groupid <> 0 AS worker FROM pg_catalog.pg_dist_local_group');
    if (rows[0]?.['worker'] === true) marks.push('citus worker');
  }
  return { version, marks };
}

/** The engine that has these facts; `postgres` if none of the others has. */
export function engineOf(facts: EngineFacts): Engine {
  const [id, described] = (Object.entries(ENGINES) as [EngineId, Described][]).find(([, { isOf }]) => isOf(facts)) as [
    EngineId,
    Described,
  ];
  const { isOf: _, advice = [], withoutMeaning = [], ...rest } = described;
  return { id, ...rest, advice, withoutMeaning };
}

/** Rollgate cannot keep its guarantees on this engine. The message says why. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

/** Reads the engine of a database. @throws EngineError if Rollgate refuses it, or the error of the database */
export async function checkEngine(database: EngineReader): Promise<Engine> {
  const engine = engineOf(await readEngineFacts(database));
  if (engine.refusal !== undefined) throw new EngineError(`Rollgate does not run on ${engine.name}: ${engine.refusal}`);
  return engine;
}
