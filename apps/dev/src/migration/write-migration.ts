/** Generates migrations from the live source of functions and views. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeFunctions, type FunctionFile, readFunctionFiles, sqlFolder, withFunctions } from '@rollgate/migrations';
import { readDefinitions } from './definitions.js';

const BASELINE = join(sqlFolder, '001-baseline.sql');
const LIST = join(sqlFolder, 'migrate.ts');

/** Copies the files of functions/ into the baseline, between its two marks. */
export async function rebuildBaseline(): Promise<void> {
  const functions = composeFunctions(await readFunctionFiles());
  await writeFile(BASELINE, withFunctions(await readFile(BASELINE, 'utf8'), functions));
}

/** Paths of the files in functions/ that differ from what the migrations create. */
export async function checkFunctions(): Promise<string[]> {
  return (await differing(await readFunctionFiles())).map(({ path }) => path);
}

/**
 * Writes the next migration and adds it to the list in migrate.ts.
 * @returns a message that names what was written
 */
export async function writeMigration(name: string): Promise<string> {
  const changed = await differing(await readFunctionFiles());
  const number = await nextNumber();
  const title = `${number}-${name}`;
  const className = `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}${number}`;
  await writeFile(join(sqlFolder, `${title}.sql`), migrationSql(changed));
  await writeFile(join(sqlFolder, `${title}.ts`), migrationTs(title, className));
  const list = (await readFile(LIST, 'utf8'))
    .replace(/(?=import \{ grantAccess)/, `import { ${className} } from './${title}.js';\n`)
    .replace(/(migrations: [^=]+= \[)([^\]]*?)(,?\s*\])/, `$1$2, ${className}]`);
  await writeFile(LIST, list);
  return `migrations/${title}.sql: ${changed.map(({ path }) => path).join(', ') || 'no function differs; write changes of tables by hand'}`;
}

function migrationSql(changed: readonly FunctionFile[]): string {
  const head =
    '-- Describe here what changes and why. Write changes of tables first; the new functions and views follow.\n';
  return changed.length === 0 ? head : `${head}\n${composeFunctions(changed)}`;
}

function migrationTs(title: string, className: string): string {
  return `import type { MigrationInterface } from 'typeorm';
import { noWayBack, type Runner, runSql } from './run-sql.js';

export class ${className} implements MigrationInterface {
  readonly name = '${title}-${title.slice(0, 3).padStart(13, '0')}';

  async up(runner: Runner): Promise<void> {
    await runSql(runner, '${title}.sql');
  }

  down(): Promise<never> {
    return noWayBack('${title}');
  }
}
`;
}

async function nextNumber(): Promise<string> {
  const numbers = (await readdir(sqlFolder)).map((file) => Number(/^(\d{3})-.*\.sql$/.exec(file)?.[1] ?? 0));
  return String(Math.max(...numbers) + 1).padStart(3, '0');
}

/** Runs the files of functions/ in a migrated database and compares the definitions before and after. */
async function differing(files: readonly FunctionFile[]): Promise<FunctionFile[]> {
  const { before, after } = await readDefinitions(composeFunctions(files));
  const known = new Set(files.map(({ name }) => name));
  const orphan = [...before.keys()].find((name) => !known.has(name));
  if (orphan !== undefined)
    throw new Error(`the migrations create ${orphan}, but migrations/functions has no file for it`);
  return files.filter(({ name }) => before.get(name) !== after.get(name));
}
