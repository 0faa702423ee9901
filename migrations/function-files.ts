/**
 * The live source of every function and view: functions/<name>.sql, and functions/audit/<name>.sql of the schema
 * rollgate_audit.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { laneForm } from './lane-form.js';
import { readSql, sqlFolder } from './run-sql.js';

export interface FunctionFile {
  /** Path below the folder of the .sql files, e.g. `functions/acquire.sql`. */
  readonly path: string;
  /** Name with its schema, e.g. `rollgate.acquire`. */
  readonly name: string;
  readonly kind: 'function' | 'view';
  readonly sql: string;
}

const BEGIN = '-- BEGIN FUNCTIONS AND VIEWS\n';
const END = '-- END FUNCTIONS AND VIEWS\n';

/** All files in the order in which they can be executed: functions before views, in alphabetical order. */
export async function readFunctionFiles(): Promise<FunctionFile[]> {
  const own = await readFolder('functions', 'rollgate');
  const files = [...own, laneFormOf(own), ...(await readFolder(join('functions', 'audit'), 'rollgate_audit'))];
  return [...files.filter(({ kind }) => kind === 'function'), ...files.filter(({ kind }) => kind === 'view')];
}

/** rollgate.decide_lane, which has no file of its own. */
function laneFormOf(files: readonly FunctionFile[]): FunctionFile {
  const [cold, secondOf] = ['acquire_cold', 'second_of'].map((name) =>
    files.find((file) => file.name === `rollgate.${name}`),
  );
  if (cold === undefined || secondOf === undefined) throw new Error('rollgate.decide_lane lacks its source');
  return { path: cold.path, name: 'rollgate.decide_lane', kind: 'function', sql: laneForm(cold.sql, secondOf.sql) };
}

async function readFolder(folder: string, schema: string): Promise<FunctionFile[]> {
  const names = (await readdir(join(sqlFolder, folder))).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(names.map((name) => readFunctionFile(join(folder, name), `${schema}.${name.slice(0, -4)}`)));
}

async function readFunctionFile(path: string, name: string): Promise<FunctionFile> {
  const sql = await readSql(path);
  const made = /^CREATE OR REPLACE (FUNCTION|VIEW) ([\w.]+)/m.exec(sql);
  if (made?.[2] !== name)
    throw new Error(`migrations/${path} must create ${name}, and creates ${made?.[2] ?? 'nothing'}`);
  return { path, name, kind: made[1] === 'VIEW' ? 'view' : 'function', sql };
}

/** The files as one script. Bodies are not checked, because a function may use a later one. */
export function composeFunctions(files: readonly FunctionFile[]): string {
  return `SET LOCAL check_function_bodies = off;\n\n${files.map(({ sql }) => sql.trimEnd()).join('\n\n')}\n`;
}

/** The baseline with these functions between its two marks. */
export function withFunctions(baseline: string, functions: string): string {
  const [start, end] = marks(baseline);
  return `${baseline.slice(0, start)}\n${functions}\n${baseline.slice(end)}`;
}

/** The functions and views between the two marks of the baseline. */
export function functionsOf(baseline: string): string {
  return baseline.slice(...marks(baseline));
}

/** The COMMENT ON statements outside the two marks: those of tables, columns and schemas. */
export function commentsOf(baseline: string): string {
  return (withFunctions(baseline, '').match(/^COMMENT ON .*?';$/gms) ?? []).join('\n');
}

function marks(baseline: string): [number, number] {
  const begin = baseline.indexOf(BEGIN);
  const end = baseline.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('001-baseline.sql lacks the marks around its functions and views');
  return [begin + BEGIN.length, end];
}
