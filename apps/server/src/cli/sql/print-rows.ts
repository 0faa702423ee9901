/** Prints rows for people (table), for spreadsheets (csv) and for programs (json). */
import { csvLine, safeCell } from '../../http/csv.js';
import type { Rows } from './auditor-session.js';

export const FORMATS = ['table', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** OIDs of the types that JSON does not write as text. */
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);
const BOOLEAN = 16;
const JSONS = new Set([114, 3802]);
const TIMESTAMPTZ = 1184;

export function printed(result: Rows, format: Format): string {
  // SET, BEGIN and similar statements return no columns.
  if (result.columns.length === 0) return format === 'table' ? `${result.command}\n` : '';
  switch (format) {
    case 'csv':
      return csv(result);
    case 'json':
      return `${JSON.stringify(objects(result), null, 2)}\n`;
    default:
      return table(result);
  }
}

function objects({ columns, rows }: Rows): object[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, typeId }, i) => [name, jsonValue(row[i] ?? null, typeId)])),
  );
}

function csv({ columns, rows }: Rows): string {
  const cell = (text: string | null, typeId: number) => (NUMBERS.has(typeId) ? (text ?? '') : safeCell(text));
  const lines = rows.map((row) => csvLine(columns.map(({ typeId }, i) => cell(row[i] ?? null, typeId))));
  return csvLine(columns.map(({ name }) => safeCell(name))) + lines.join('');
}

function jsonValue(text: string | null, typeId: number): unknown {
  if (text === null) return null;
  if (typeId === BOOLEAN) return text === 't';
  if (JSONS.has(typeId)) return JSON.parse(text);
  if (typeId === TIMESTAMPTZ) return text.replace(' ', 'T').replace(/\+00$/, 'Z');
  if (!NUMBERS.has(typeId)) return text;
  const number = Number(text);
  // JSON has no NaN, and a JavaScript number cannot hold every bigint.
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : text;
}

function table({ columns, rows }: Rows): string {
  const cells = rows.map((row) => columns.map((_, i) => shown(row[i] ?? '')));
  const widths = columns.map(({ name }, i) =>
    cells.reduce((most, row) => Math.max(most, widthOf(row[i] as string)), widthOf(name)),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => {
        const padding = ' '.repeat((widths[i] as number) - widthOf(text));
        return NUMBERS.has(columns[i]?.typeId ?? 0) ? padding + text : text + padding;
      })
      .join(' | ')
      .trimEnd();
  return [
    line(columns.map(({ name }) => name)),
    widths.map((width) => '-'.repeat(width)).join('-+-'),
    ...cells.map(line),
    `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`,
    '',
  ].join('\n');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern must match control characters
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Callers choose some of these texts, so escape control characters that would affect the terminal. */
function shown(text: string): string {
  return text.replace(CONTROL, (c) => (c === '\n' ? '\\n' : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`));
}

function widthOf(text: string): number {
  return [...text].length;
}
