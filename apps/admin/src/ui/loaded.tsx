/** The content of a query that loads, fails, or finds nothing. Every screen shows its data through this component. */
import type { ReactNode } from 'react';
import { ErrorNote, Loading } from './notes.js';

/** The parts of a query that the screens read. */
export interface Query<Data> {
  readonly data: Data | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

export interface LoadedProps<Data> {
  readonly query: Query<Data>;
  readonly children: (data: Data) => ReactNode;
  /** Shown in place of `children` when the answer is a list without items. */
  readonly empty?: ReactNode;
  /** The number of placeholder lines while the data loads. */
  readonly rows?: number;
}

export function Loaded<Data>({ query: { data, error, refetch }, children, empty, rows }: LoadedProps<Data>) {
  if (data === undefined)
    return error === null ? <Loading rows={rows} /> : <ErrorNote error={error} retry={() => void refetch()} />;
  return empty !== undefined && isEmptyList(data) ? empty : children(data);
}

function isEmptyList(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && 'items' in data && Array.isArray(data.items) && data.items.length === 0
  );
}
