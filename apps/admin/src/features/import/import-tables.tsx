import type { ImportError, ImportedOverride } from '../../data/imports.js';
import { count, scopeText, utc } from '../../lib/format.js';
import { Limits } from '../../ui/limits.js';
import { AccountLink } from '../../ui/links.js';
import { ShadowTag } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

/** A browser shows thousands of rows slowly. */
const MOST_SHOWN = 200;

const ERROR_COLUMNS: Column<ImportError>[] = [
  { title: 'Line', numeric: true, cell: ({ line }) => count(line) },
  { title: 'Column', cell: ({ column }) => (column === null ? '–' : <span className="mono">{column}</span>) },
  { title: 'Error', cell: ({ message }) => message },
];

const ROW_COLUMNS: Column<ImportedOverride>[] = [
  { title: 'Line', numeric: true, cell: ({ line }) => count(line) },
  { title: 'Account', cell: ({ account }) => <AccountLink account={account} /> },
  { title: 'Scope', cell: (item) => scopeText(item) },
  { title: 'Limits', cell: (item) => <RowLimits item={item} /> },
  { title: 'Expires', cell: ({ expiresAt }) => (expiresAt === null ? 'never' : utc(expiresAt)) },
  { title: 'Lowers', cell: ({ lowered }) => <Lowered lines={lowered} /> },
];

export function ErrorsTable({ errors }: { errors: readonly ImportError[] }) {
  return <Rows label="Errors" rows={errors} columns={ERROR_COLUMNS} />;
}

export function RowsTable({ items }: { items: readonly ImportedOverride[] }) {
  return <Rows label="Overrides of the file" rows={items} columns={ROW_COLUMNS} />;
}

interface RowsProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
}

function Rows<Row extends object>({ label, rows, columns }: RowsProps<Row>) {
  const keys = new Map(rows.map((row, at) => [row, String(at)]));
  return (
    <>
      <Table label={label} rows={rows.slice(0, MOST_SHOWN)} columns={columns} keyOf={(row) => keys.get(row) ?? ''} />
      {rows.length > MOST_SHOWN && (
        <div style={{ padding: 'var(--mantine-spacing-sm)' }}>and {count(rows.length - MOST_SHOWN)} more</div>
      )}
    </>
  );
}

function RowLimits({ item }: { item: ImportedOverride }) {
  const { perMinute, perHour, factor, extraMinute, extraHour, mode } = item;
  const extra = [
    ...(extraMinute === null ? [] : [`+${count(extraMinute)} in 60 s`]),
    ...(extraHour === null ? [] : [`+${count(extraHour)} in 1 h`]),
  ];
  return (
    <>
      {extra.length > 0 && <span className="number">{extra.join(' · ')}</span>}
      {(perMinute ?? perHour ?? factor) !== null && <Limits perMinute={perMinute} perHour={perHour} factor={factor} />}
      {mode === 'shadow' && <ShadowTag />}
    </>
  );
}

function Lowered({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return '–';
  return (
    <ul className="lowering number">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
