/** A table that is a list of cards on a phone. Roles are spelled out: `display: block` would take them away. */
import type { ReactNode } from 'react';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly numeric?: boolean;
  /** No label on a phone: the cell says what it is. */
  readonly bare?: boolean;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  readonly chosen?: string;
}

export function Table<Row>({ label, rows, columns, keyOf, chosen }: TableProps<Row>) {
  return (
    <div className="table-scroll">
      {/* biome-ignore-start lint/a11y/noRedundantRoles: see above */}
      <table className="table" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, numeric }) => (
              <th key={title} role="columnheader" scope="col" data-numeric={numeric || undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => {
            const key = keyOf(row);
            return (
              <tr key={key} role="row" data-key={key} data-chosen={key === chosen || undefined}>
                {columns.map(({ title, cell, numeric, bare }) => (
                  <td key={title} role="cell" data-label={bare ? '' : title} data-numeric={numeric || undefined}>
                    <div>{cell(row)}</div>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
    </div>
  );
}
