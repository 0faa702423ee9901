/** A list of a screen, page by page: loading, failed, empty, or outdated where it has to be. */
import type { ReactNode } from 'react';
import { Loaded, type Query } from './loaded.js';
import { StaleNote } from './notes.js';
import { Paging } from './paging.js';

interface ListAnswer<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; null: this is the last page. */
  readonly next: string | null;
}

export interface ListPanelProps<Item> {
  readonly label: string;
  readonly query: Query<ListAnswer<Item>>;
  readonly empty: ReactNode;
  readonly children: (items: readonly Item[]) => ReactNode;
  /** Where this page begins; undefined: the first page. */
  readonly after: string | undefined;
  readonly onPage: (after: string | undefined) => void;
}

export function ListPanel<Item>({ label, query, empty, children, after, onPage }: ListPanelProps<Item>) {
  return (
    <>
      <StaleNote query={query} />
      <section className="panel" aria-label={label}>
        <Loaded query={query} empty={empty}>
          {({ items }) => children(items)}
        </Loaded>
        <Paging shown={query.data?.items.length ?? 0} next={query.data?.next ?? null} after={after} go={onPage} />
      </section>
    </>
  );
}
