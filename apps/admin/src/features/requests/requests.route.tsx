/** Customers who wait for an answer, the oldest first. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { requestsQuery } from '../../data/requests.js';
import { useMay } from '../../data/session.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { CsvLink, FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { EmptyState, ErrorNote, Loading, StaleNote } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { Paging } from '../../ui/paging.js';
import { Kbd } from '../../ui/small.js';
import { DecideDialog } from './decide-dialog.js';
import { RequestCard } from './request-card.js';

const route = getRouteApi('/requests');
const STATES = ['open', 'approved', 'declined', 'all'] as const;

export function RequestsRoute() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/requests' });
  const queryClient = useQueryClient();
  const may = useMay();
  const state = STATES.find((one) => one === search.state) ?? 'open';
  const needsAdmin = search.needsAdmin === 'true' ? ('true' as never) : undefined;
  const { account, ticket, after } = search;
  const { data, error, refetch } = useQuery(requestsQuery({ state, account, ticket, needsAdmin, after }));
  const items = data?.items ?? [];
  const at = items.findIndex(({ request }) => request.id === search.id);
  const chosen = items[at]?.request;
  const set = (fields: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, ...fields }), replace: true });
  const filter = (fields: Partial<typeof search>) => set({ ...fields, after: undefined, id: undefined, do: undefined });
  const move = (step: number) => {
    const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
    if (next !== undefined) set({ id: next.request.id });
  };
  const decide = (what: 'approve' | 'decline') => {
    const one = chosen ?? items[0]?.request;
    if (one?.state === 'open') set({ id: one.id, do: what });
  };
  const close = () => set({ do: undefined });
  const changed = () => {
    close();
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  };
  const mayDecide = may('requests.decide');
  useShortcuts('Requests', [
    { keys: 'j', does: 'Next', run: () => move(1) },
    { keys: 'k', does: 'Previous', run: () => move(-1) },
    ...(mayDecide
      ? [
          { keys: 'a', does: 'Approve', run: () => decide('approve') },
          { keys: 'd', does: 'Decline', run: () => decide('decline') },
        ]
      : []),
  ]);
  useEffect(() => {
    if (search.id !== undefined) document.getElementById(`request-${search.id}`)?.scrollIntoView({ block: 'nearest' });
  }, [search.id]);
  return (
    <Page
      title="Requests"
      about={
        <>
          <Kbd>J</Kbd> <Kbd>K</Kbd> go through them
          {mayDecide && (
            <>
              , <Kbd>A</Kbd> approves, <Kbd>D</Kbd> declines
            </>
          )}
          .
        </>
      }
      actions={may('export') && <CsvLink path="/admin/api/requests" query={{ state, account, ticket, needsAdmin }} />}
    >
      <FilterBar
        onClear={
          account || ticket || search.needsAdmin || search.state ? () => void navigate({ search: {} }) : undefined
        }
      >
        <SelectFilter
          label="State"
          value={state}
          onChange={(value) => filter({ state: value })}
          data={STATES.map((value) => ({ value, label: value }))}
        />
        <SelectFilter
          label="Who decides"
          value={search.needsAdmin}
          onChange={(value) => filter({ needsAdmin: value })}
          data={[
            { value: '', label: 'anybody' },
            { value: 'true', label: 'an admin' },
          ]}
        />
        <TextFilter label="Account" value={account} onChange={(value) => filter({ account: value })} />
        <TextFilter label="Ticket" value={ticket} onChange={(value) => filter({ ticket: value })} />
      </FilterBar>
      {data !== undefined && <StaleNote error={error} retry={() => void refetch()} />}
      <section className="panel" aria-label="Requests">
        {data === undefined ? (
          error === null ? (
            <Loading />
          ) : (
            <ErrorNote error={error} retry={() => void refetch()} />
          )
        ) : items.length === 0 ? (
          <Nothing
            filtered={account !== undefined || ticket !== undefined || needsAdmin !== undefined || state !== 'open'}
          />
        ) : (
          items.map((asked) => (
            <RequestCard
              key={asked.request.id}
              asked={asked}
              chosen={asked.request.id === search.id}
              mayDecide={mayDecide}
              onDo={(what) => set({ id: asked.request.id, do: what })}
            />
          ))
        )}
        <Paging
          shown={items.length}
          next={data?.next ?? null}
          after={after}
          go={(next) => void navigate({ search: (now) => ({ ...now, after: next }) })}
        />
      </section>
      {chosen !== undefined && mayDecide && (search.do === 'approve' || search.do === 'decline') && (
        <DecideDialog key={chosen.id} request={chosen} what={search.do} onClose={close} onDone={changed} />
      )}
    </Page>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (filtered) return <EmptyState why="No request matches these filters." />;
  return (
    <EmptyState why="Nobody waits for an answer. Customers ask by the link in a denial, or from their own code:">
      <pre className="code">{`curl -X POST http://127.0.0.1:3001/api/public/rate-limits/requests \\
  -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
  -d '{"api":"publish-bot","perMinute":120,"reason":"We launch on Monday."}'`}</pre>
    </EmptyState>
  );
}
