/** Reads an import file: RFC 4180 with a line of column names, in any order; UTF-8 with or without a byte order mark. */
import { CsvError, parse } from 'csv-parse/sync';
import { type ImportInput, MOST_ROWS, type RowError } from './import.schemas.js';

/** One column: its field in the body of the API, and how a cell is read. */
export interface Column {
  readonly field: string;
  /** @throws Error that says what a cell must be */
  readonly read: (cell: string) => unknown;
  readonly required?: true;
}

export interface RawRow {
  readonly line: number;
  /** As in the body of the API. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RawRows {
  readonly rows: readonly RawRow[];
  readonly errors: readonly RowError[];
  /** Number of rows, including those with errors. */
  readonly count: number;
}

type Columns = Readonly<Record<string, Column>>;

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** The rows of a request: of its file, or sent as JSON. */
export function rowsOf({ csv, rows = [] }: ImportInput, columns: Columns): RawRows {
  if (csv !== undefined) return readCsv(csv, columns);
  return { rows: rows.map((fields, at) => ({ line: at + 1, fields })), errors: [], count: rows.length };
}

function readCsv(text: string, columns: Columns): RawRows {
  const records = parsed(text);
  if ('message' in records) return { rows: [], errors: [records], count: 0 };
  const [head, ...body] = records;
  if (head === undefined) return { rows: [], errors: [fault(1, 'The file is empty.')], count: 0 };
  const names = head.record.map((name) => name.trim());
  const errors = headErrors(names, columns);
  if (errors.length === 0 && body.length === 0) errors.push(fault(1, 'The file has column names, but no rows.'));
  if (body.length > MOST_ROWS)
    errors.push(fault(1, `The file has ${body.length} rows; at most ${MOST_ROWS} are imported.`));
  if (errors.length > 0) return { rows: [], errors, count: body.length };
  const read = body.map((record) => readRow(record, names, columns));
  return {
    rows: read.flatMap(({ row }) => (row === undefined ? [] : [row])),
    errors: read.flatMap((one) => one.errors),
    count: body.length,
  };
}

function parsed(text: string): CsvRecord[] | RowError {
  try {
    // `info` makes each record an object with its place.
    return parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true }) as never;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return fault(Number(error['lines'] ?? 1), `The file is no CSV: ${error.message}.`);
  }
}

function headErrors(names: readonly string[], columns: Columns): RowError[] {
  const [first = ''] = names;
  if (names.length === 1 && /[;\t]/.test(first)) {
    return [fault(1, 'The columns must be separated by commas, not by semicolons or tabs.')];
  }
  const known = Object.keys(columns);
  const errors = names.flatMap((name, at) => {
    if (!Object.hasOwn(columns, name)) {
      return [fault(1, `There is no column "${name}". Possible columns: ${known.join(', ')}.`)];
    }
    return names.indexOf(name) === at ? [] : [{ ...fault(1, 'The column occurs twice.'), column: name }];
  });
  const missing = known.filter((name) => columns[name]?.required && !names.includes(name));
  return [...errors, ...missing.map((column) => ({ ...fault(1, 'The column is missing.'), column }))];
}

function readRow(
  { record, info }: CsvRecord,
  names: readonly string[],
  columns: Columns,
): { readonly row?: RawRow; readonly errors: RowError[] } {
  // The place is the end of the record, which can have line breaks in quoted cells.
  const line = info.lines - record.reduce((breaks, cell) => breaks + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
  if (record.length !== names.length) {
    return { errors: [fault(line, `The row has ${record.length} cells, but there are ${names.length} columns.`)] };
  }
  const fields: Record<string, unknown> = {};
  const errors: RowError[] = [];
  for (const [at, name] of names.entries()) {
    const { field, read, required } = columns[name] as Column;
    const cell = (record[at] ?? '').trim();
    try {
      if (cell !== '') fields[field] = read(cell);
      else if (required) throw new Error('must not be empty');
    } catch (error) {
      errors.push({ line, column: name, message: (error as Error).message });
    }
  }
  return errors.length > 0 ? { errors } : { row: { line, fields }, errors };
}

function fault(line: number, message: string): RowError {
  return { line, column: null, message };
}
