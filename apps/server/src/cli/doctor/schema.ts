import type { Queryable } from '../../database/queryable.js';
import { readMigrationState, readMissingTables } from '../../database/schema-state.js';
import type { Check } from './check.js';

export async function checkMigrations(database: Queryable): Promise<Check> {
  const { applied, pending, unknown } = await readMigrationState(database);
  const found = { name: 'migrations', facts: { applied, pending, unknown } };
  if (pending.length > 0)
    return {
      ...found,
      status: 'error',
      detail: `${pending.join(', ')} missing`,
      meaning: 'Programs of this version refuse to start.',
      remedy: ['rollgate migrate'],
    };
  if (unknown.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: `${unknown.join(', ')} unknown to this program`,
      meaning: 'A newer Rollgate has migrated this database.',
      remedy: ['run doctor, and everything else, in that version'],
    };
  }
  return { ...found, status: 'ok', detail: `${applied.length} applied, the last is ${applied.at(-1)}` };
}

interface SizeRow {
  readonly counterBytes: number;
  readonly bucketBytes: number;
  readonly subjects: number;
  readonly minutes: number;
}

/** Sizes with their indexes. Rows are the planner's estimates: counting them would read all of both tables. */
export async function checkCounters(database: Queryable): Promise<Check> {
  const missing = await readMissingTables(database);
  if (missing.length > 0) {
    return {
      name: 'counters',
      status: 'error',
      detail: `${missing.join(', ')} missing`,
      meaning: 'No call can be decided.',
      remedy: ['rollgate migrate', 'if all migrations are applied: restore the tables from a backup'],
    };
  }
  const { rows } = await database.query<{ [Column in keyof SizeRow]: SizeRow[Column] }>(`
    SELECT pg_total_relation_size('rollgate.counter')::float8 AS "counterBytes",
           pg_total_relation_size('rollgate.bucket')::float8 AS "bucketBytes",
           (SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'rollgate.counter'::regclass) AS subjects,
           (SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'rollgate.bucket'::regclass) AS minutes`);
  const { counterBytes, bucketBytes, subjects, minutes } = rows[0] as SizeRow;
  return {
    name: 'counters',
    status: 'ok',
    detail: `about ${subjects} subjects in ${megabytes(counterBytes)}, ${minutes} finished minutes in ${megabytes(bucketBytes)}`,
    facts: { counterBytes, bucketBytes, subjects, minutes },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
