/** Who changed what, when and why, and whether the record is unaltered. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { historyQuery, KIND_NAMES, verifyQuery } from '../../data/history.js';
import { useMay } from '../../data/session.js';
import { count } from '../../lib/format.js';
import type { Fields } from '../../lib/search.js';
import { ExportCsv, FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { ListPanel } from '../../ui/list-panel.js';
import { EmptyState } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { Tag } from '../../ui/small.js';
import { ChangesTable } from './changes-table.js';
import { UndoBatch } from './undo-batch.js';

const route = getRouteApi('/history');
const KINDS = Object.keys(KIND_NAMES) as (keyof typeof KIND_NAMES)[];
const KIND_OPTIONS = [{ value: '', label: 'All' }, ...KINDS.map((value) => ({ value, label: KIND_NAMES[value] }))];

type HistorySearch = Fields<'kind' | 'target' | 'account' | 'actor' | 'batch' | 'from' | 'to' | 'after'>;

export function HistoryRoute() {
  const screen = useHistoryScreen();
  const { search, query, list, filtered } = screen;
  return (
    <Page
      title="History"
      about={<Verification />}
      actions={
        <>
          {screen.mayUndo && search.batch !== undefined && (
            <Button variant="default" onClick={() => screen.setUndoing(true)}>
              Undo batch…
            </Button>
          )}
          {screen.mayExport && <ExportCsv path="/admin/api/history" query={query} />}
        </>
      }
    >
      <Filters screen={screen} />
      <ListPanel
        label="Changes"
        query={list}
        empty={<NoChanges filtered={filtered} />}
        after={search.after}
        onPage={screen.page}
      >
        {(items) => <ChangesTable items={items} />}
      </ListPanel>
      {screen.undoing && search.batch !== undefined && (
        <UndoBatch
          batch={search.batch}
          onClose={() => screen.setUndoing(false)}
          onDone={(batch) => {
            screen.setUndoing(false);
            screen.filter({ batch });
          }}
        />
      )}
    </Page>
  );
}

function useHistoryScreen() {
  const search: HistorySearch = route.useSearch();
  const navigate = useNavigate({ from: '/history' });
  const [undoing, setUndoing] = useState(false);
  const may = useMay();
  const { target, account, actor, batch, from, to, after } = search;
  const query = { kind: KINDS.find((kind) => kind === search.kind), target, account, actor, batch, from, to };
  return {
    search,
    query,
    list: useQuery(historyQuery({ ...query, after })),
    mayExport: may('export'),
    /** The service checks the permission for each kind of change. */
    mayUndo: may('overrides.write') || may('plans.assign'),
    /** The dialog that undoes the batch is open. */
    undoing,
    setUndoing,
    filtered: Object.keys(search).some((name) => name !== 'after'),
    filter: (fields: HistorySearch) =>
      void navigate({ search: (now) => ({ ...now, ...fields, after: undefined }), replace: true }),
    clear: () => void navigate({ search: {} }),
    page: (next: string | undefined) => void navigate({ search: (now) => ({ ...now, after: next }) }),
  };
}

function Filters({ screen }: { screen: ReturnType<typeof useHistoryScreen> }) {
  const { search, filtered, filter, clear } = screen;
  const { kind, account, target, actor, batch } = search;
  return (
    <FilterBar filtered={filtered} onClear={clear}>
      <SelectFilter label="Kind" value={kind} onChange={(value) => filter({ kind: value })} data={KIND_OPTIONS} />
      <TextFilter label="Account" value={account} onChange={(value) => filter({ account: value })} />
      <TextFilter label="Changed item" value={target} onChange={(value) => filter({ target: value })} width={120} />
      <TextFilter label="Changed by" value={actor} onChange={(value) => filter({ actor: value })} width={190} />
      <TextFilter label="Batch" value={batch} onChange={(value) => filter({ batch: value })} width={110} />
    </FilterBar>
  );
}

function NoChanges({ filtered }: { filtered: boolean }) {
  if (!filtered) return <EmptyState why="No changes yet." />;
  return (
    <EmptyState why="No change matches these filters. “Changed by” needs the full name, for example staff:ann@example.com." />
  );
}

/** Whether the hash chain of the history is unbroken. */
function Verification() {
  const { data, error } = useQuery(verifyQuery);
  if (error !== null) return <Tag tone="warn">The history could not be verified</Tag>;
  if (data === undefined) return <Tag>Verifying the history…</Tag>;
  if (data.broken !== null)
    return (
      <Tag tone="bad">
        The history is broken at change {data.broken.id}: {data.broken.why}
      </Tag>
    );
  return (
    <Tag tone="good" title={`Last hash: ${data.lastHash}`}>
      ✓ {count(data.rowsChecked)} changes verified
    </Tag>
  );
}
