/** Checks that the database's schema is compatible with this program. */
import type pg from 'pg';
import { codeOf } from './faults.js';

/**
 * The version of `rollgate.schema_version` that this program requires. Raise it whenever the program depends on a new
 * schema.
 */
const NEEDED_SCHEMA = 2;

/** The schema is missing, too old, or too new for this program. The message says which, and what to run. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** SQLSTATEs for a missing schema `rollgate`, or for that of 0.1.0, which had no such function. */
const NOT_FOUND = /^(3F000|42883)$/;

/** Checks the version. `place` names the database in the message. @throws SchemaError, or the error of Postgres */
export async function checkSchemaVersion(database: pg.ClientBase, place: string): Promise<void> {
  const { version, serves } = await readVersion(database, place);
  if (version < NEEDED_SCHEMA)
    throw new SchemaError(`${tooOld(place)} (its version is ${version}, needed is ${NEEDED_SCHEMA})`);
  if (serves > NEEDED_SCHEMA) {
    throw new SchemaError(
      `the database at ${place} serves programs from version ${serves} of its schema on, this one is written for ${NEEDED_SCHEMA}: upgrade the program`,
    );
  }
}

async function readVersion(database: pg.ClientBase, place: string): Promise<{ version: number; serves: number }> {
  try {
    const { rows } = await database.query<{ version: number; serves: number }>(
      'SELECT version, serves FROM rollgate.schema_version()',
    );
    return rows[0] as { version: number; serves: number };
  } catch (error) {
    const code = codeOf(error);
    if (!NOT_FOUND.test(code)) throw error;
    throw new SchemaError(
      code === '3F000' ? `the database at ${place} holds no Rollgate: run "rollgate migrate"` : tooOld(place),
      { cause: error },
    );
  }
}

function tooOld(place: string): string {
  return `the database at ${place} is older than this version of Rollgate needs: run "rollgate migrate"`;
}
