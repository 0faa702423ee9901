/** Lists as CSV (RFC 4180) or JSON lines, streamed from the database: as many rows as there are, at the same memory. */
import { type Duplex, pipeline, Transform } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { stringify } from 'csv-stringify';
import type { Request } from 'express';
import type { DataSource } from 'typeorm';

export interface Export {
  readonly name: string;
  readonly sql: string;
  readonly values: readonly unknown[];
  /** Of a row of the database to a line; the names are the columns. */
  readonly line: (row: never) => Record<string, unknown>;
}

export function wantsCsv(request: Request): boolean {
  return request.query['format'] === 'csv' || request.accepts(['json', 'csv']) === 'csv';
}

export function wantsNdjson(request: Request): boolean {
  return (
    request.query['format'] === 'ndjson' || request.accepts(['json', 'application/x-ndjson']) === 'application/x-ndjson'
  );
}

/** A cell that a spreadsheet would run as a formula is text instead. */
export function safeCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

export async function csvOf(database: DataSource, { name, sql, values, line }: Export): Promise<StreamableFile> {
  const cells = (row: unknown) =>
    Object.fromEntries(Object.entries(line(row as never)).map(([key, value]) => [key, safeCell(value)]));
  return await file(database, { sql, values }, [mapping(cells), stringify({ header: true })], {
    type: 'text/csv; charset=utf-8',
    name: `${name}.csv`,
  });
}

export async function ndjsonOf(database: DataSource, { name, sql, values, line }: Export): Promise<StreamableFile> {
  const text = (row: unknown) => `${JSON.stringify(line(row as never))}\n`;
  return await file(database, { sql, values }, [mapping(text)], {
    type: 'application/x-ndjson',
    name: `${name}.ndjson`,
  });
}

async function file(
  database: DataSource,
  { sql, values }: Pick<Export, 'sql' | 'values'>,
  steps: readonly Duplex[],
  { type, name }: { type: string; name: string },
): Promise<StreamableFile> {
  const runner = database.createQueryRunner();
  try {
    const rows = await runner.stream(sql, [...values]);
    const last = steps.at(-1) as Duplex;
    // A client that goes away destroys the last one, and with it the statement.
    pipeline([rows, ...steps], () => void runner.release());
    return new StreamableFile(last, { type, disposition: `attachment; filename="${name}"` }).setErrorHandler(
      (_error, response) => {
        // Half an answer is out: only a broken connection tells that it is no whole one.
        (response as unknown as { destroy(): void }).destroy();
      },
    );
  } catch (error) {
    await runner.release();
    throw error;
  }
}

function mapping(map: (row: unknown) => unknown): Transform {
  return new Transform({
    objectMode: true,
    transform(row, _encoding, done) {
      try {
        done(null, map(row));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
