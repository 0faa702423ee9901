import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QueryRunner } from 'typeorm';

// The .sql files are never copied: what runs is the reviewed file itself, read from the source folder, whether this module
// is the compiled one in dist/ or the source under Jest.
const here = dirname(fileURLToPath(import.meta.url));
const sqlFolder = basename(here) === 'dist' ? dirname(here) : here;

/** Runs a whole .sql file as one simple query, inside the transaction that TypeORM opened for the migration. */
export async function runSql(runner: QueryRunner, fileName: string): Promise<void> {
  await runner.query(await readFile(join(sqlFolder, fileName), 'utf8'));
}

/** Shipped migrations never change and never run backwards: a mistake is repaired by the next migration. */
export function noWayBack(name: string): Promise<never> {
  return Promise.reject(new Error(`${name} cannot be reverted: write a new migration instead`));
}
