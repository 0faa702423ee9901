import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The .sql files are never copied. The reviewed file itself runs, read from the source folder, whether this module
// is the compiled one in dist/ or the source under Jest.
const here = dirname(fileURLToPath(import.meta.url));

/** The folder of the .sql files. */
export const sqlFolder = basename(here) === 'dist' ? dirname(here) : here;

/** The part of TypeORM's QueryRunner and of a pg client that runs a whole file as one simple query. */
export interface Runner {
  query(sql: string): Promise<unknown>;
}

/** Runs a whole .sql file as one simple query, inside the transaction that the caller opened. */
export async function runSql(runner: Runner, fileName: string): Promise<void> {
  await runner.query(await readSql(fileName));
}

export function readSql(fileName: string): Promise<string> {
  return readFile(join(sqlFolder, fileName), 'utf8');
}

/** Released migrations never change and cannot be reverted. The next migration repairs a mistake. */
export function noWayBack(name: string): Promise<never> {
  return Promise.reject(new Error(`${name} cannot be reverted: write a new migration instead`));
}

/** TypeORM orders migrations by 13 digits at the end of the name. Messages use the name of the file. */
export function shortName(name: string): string {
  return name.replace(/-\d{13}$/, '');
}
