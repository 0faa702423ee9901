/** A table that becomes a list of cards on a phone. `display: block` removes the roles of its parts, so they are written out. */
import type { ReactNode } from 'react';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly numeric?: boolean;
  /** The card on a phone shows this cell without its title. */
  readonly bare?: boolean;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** The key of the row that is highlighted. */
  readonly chosen?: string;
}

/** The last column of a table whose rows have buttons; none when the person may not use them. */
export function actions<Row>(allowed: boolean, cell: (row: Row) => ReactNode): Column<Row>[] {
  return allowed ? [{ title: 'Actions', bare: true, cell }] : [];
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
