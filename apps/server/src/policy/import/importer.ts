/**
 * Imports many rows in one transaction: all of them or none. Each row is checked by the SQL function that also makes a single
 * change, after the rows before it. A dry run does the same and rolls back.
 */
import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { authorOf, type Caller } from '../../authentication/caller.js';
import type { Lowered } from '../../database/refusals.js';
import { problem } from '../../http/problem.js';
import { loweredLines } from '../lowered-lines.js';
import { PolicyWriter } from '../policy-writer.js';
import { accountsOf } from './account-pattern.js';
import { type Column, type RawRow, type RawRows, rowsOf } from './csv-file.js';
import { type ImportInput, MOST_ROWS, type RowError } from './import.schemas.js';
import { columnOfMessage, columnOfPath } from './row-errors.js';

/** What is imported. */
export interface ImportKind<Value extends { readonly account: string }, Columns> {
  readonly columns: Readonly<Record<string, Column>>;
  /** One row, as in the body of the API that makes one such change. */
  readonly schema: z.ZodType<Value>;
  /** The function of the schema `rollgate`. */
  readonly call: 'import_overrides' | 'import_assignments';
  /** The specification for the SQL function. @throws HttpException */
  readonly specOf: (value: Value) => Promise<object> | object;
  readonly itemOf: (columns: Columns) => object;
}

export interface ImportRun {
  readonly caller: Caller;
  /** Called after each step with the number of changes that are checked. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
}

export interface ImportOutcome {
  /** null: nothing was changed. */
  readonly batch: string | null;
  readonly items: object[];
  readonly errors: RowError[];
  readonly totals: { readonly rows: number; readonly accounts: number; readonly lowering: number };
}

interface Row<Value> {
  readonly line: number;
  readonly value: Value;
}

interface Spec {
  readonly line: number;
  readonly spec: object;
}

interface ImportedColumns {
  readonly n: number;
  readonly batch: string;
  readonly id: string | null;
  readonly account: string;
  readonly lowered: Lowered[] | null;
  readonly refusal: string | null;
  readonly message: string | null;
}

/** Changes per statement. */
const STEP = 500;

/** Ends a transaction whose outcome is wanted, but not its changes. */
class RolledBack extends Error {
  constructor(readonly outcome: ImportOutcome) {
    super('rolled back');
  }
}

@Injectable()
export class Importer {
  constructor(@Inject(PolicyWriter) private readonly writer: PolicyWriter) {}

  /** With errors, nothing was changed. */
  async run<Value extends { readonly account: string }, Columns extends object>(
    kind: ImportKind<Value, Columns>,
    input: ImportInput,
    run: ImportRun,
  ): Promise<ImportOutcome> {
    const raw = rowsOf(input, kind.columns);
    const { rows, errors } = checkedRows(raw, kind, input);
    try {
      return await this.writer.inTransaction(async (manager) => {
        const specs = await specsOf(kind, await expanded(manager, rows, errors), errors);
        const { batch, items, accounts, lowering } = await this.#steps(manager, { kind, specs, errors, run });
        errors.sort((one, other) => one.line - other.line);
        const outcome = {
          batch: null,
          items,
          errors: named(errors, input),
          totals: { rows: raw.count, accounts, lowering },
        };
        if (input.dryRun || errors.length > 0) throw new RolledBack(outcome);
        return { ...outcome, batch };
      });
    } catch (error) {
      if (error instanceof RolledBack) return error.outcome;
      throw error;
    }
  }

  async #steps<Value extends { readonly account: string }, Columns extends object>(
    manager: EntityManager,
    step: {
      readonly kind: ImportKind<Value, Columns>;
      readonly specs: readonly Spec[];
      readonly errors: RowError[];
      readonly run: ImportRun;
    },
  ) {
    const { kind, specs, errors, run } = step;
    const sql = `SELECT i.n, i.batch, i.lowered, i.refusal, i.message, (i.changed).*
      FROM rollgate.${kind.call}($5, $6, ROW($1, $2, $3, $4)::rollgate.author) i`;
    const items: object[] = [];
    const accounts = new Set<string>();
    let batch: string | null = null;
    let lowering = 0;
    for (let at = 0; at < specs.length; at += STEP) {
      const part = specs.slice(at, at + STEP);
      const given = JSON.stringify(part.map(({ spec }) => spec));
      const rows: ImportedColumns[] = await manager.query(sql, [...authorOf(run.caller), batch, given]);
      for (const row of rows) {
        const { line, spec } = part[row.n - 1] as Spec;
        batch = row.batch;
        if (row.refusal !== null) errors.push({ line, ...refusalOf(row, spec) });
        if (row.id === null) continue;
        accounts.add(row.account);
        if (row.lowered !== null) lowering += 1;
        items.push({ line, ...kind.itemOf(row as never), lowered: loweredLines(row.lowered ?? []) });
      }
      run.onProgress?.(Math.min(at + STEP, specs.length), specs.length);
    }
    return { batch, items, accounts: accounts.size, lowering };
  }
}

/** The rows that the schema accepts. */
function checkedRows<Value extends { readonly account: string }, Columns>(
  raw: RawRows,
  { schema }: ImportKind<Value, Columns>,
  { reason, ticket, allowLowering }: ImportInput,
): { readonly rows: Row<Value>[]; readonly errors: RowError[] } {
  const given = Object.entries({ reason, ticket, allowLowering }).filter(([, value]) => value !== undefined);
  const rows: Row<Value>[] = [];
  const errors = [...raw.errors];
  for (const { line, fields } of raw.rows) {
    const read = schema.safeParse({ ...Object.fromEntries(given), ...fields });
    if (read.success) rows.push({ line, value: read.data });
    else errors.push(...read.error.issues.map((issue) => ({ line, ...faultOf(issue, fields) })));
  }
  return { rows, errors };
}

function faultOf({ path, message }: z.core.$ZodIssue, fields: RawRow['fields']): Omit<RowError, 'line'> {
  const [field] = path;
  const missing = field !== undefined && fields[String(field)] === undefined;
  return { column: columnOfPath(path), message: missing ? 'is required' : message };
}

/** A row for each account that a pattern matches. @throws HttpException if these are too many */
async function expanded<Value extends { readonly account: string }>(
  manager: EntityManager,
  rows: readonly Row<Value>[],
  errors: RowError[],
): Promise<Row<Value>[]> {
  const matches = new Map<string, readonly string[]>();
  const all: Row<Value>[] = [];
  for (const { line, value } of rows) {
    const accounts = matches.get(value.account) ?? (await accountsOf(manager, value.account));
    matches.set(value.account, accounts);
    if (accounts.length === 0) {
      errors.push({ line, column: 'account', message: `No known account matches "${value.account}".` });
    }
    for (const account of accounts) all.push({ line, value: { ...value, account } });
    if (all.length > MOST_ROWS) {
      throw new HttpException(
        problem(422, `More than ${MOST_ROWS} changes, from line ${line} on. Import them in parts.`),
        422,
      );
    }
  }
  return all;
}

async function specsOf<Value extends { readonly account: string }, Columns>(
  { specOf }: ImportKind<Value, Columns>,
  rows: readonly Row<Value>[],
  errors: RowError[],
): Promise<Spec[]> {
  const specs: Spec[] = [];
  for (const { line, value } of rows) {
    try {
      specs.push({ line, spec: await specOf(value) });
    } catch (error) {
      if (!(error instanceof HttpException)) throw error;
      errors.push({ line, column: columnOfMessage(error.message), message: error.message });
    }
  }
  return specs;
}

function refusalOf({ refusal, lowered, message }: ImportedColumns, spec: object): Omit<RowError, 'line'> {
  const text = message ?? '';
  if (refusal === 'RG409' && lowered !== null) return { column: 'allow_lowering', message: text };
  return { column: columnOfMessage(text, spec), message: text };
}

/** Columns are named as in the file; rows that were sent as JSON have fields. */
function named(errors: readonly RowError[], { csv }: ImportInput): RowError[] {
  if (csv !== undefined) return [...errors];
  return errors.map((error) => ({
    ...error,
    column: error.column?.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) ?? null,
  }));
}
