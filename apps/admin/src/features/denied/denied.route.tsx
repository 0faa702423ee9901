/** Who was denied, when, under which limit: filters in the address, a histogram to brush, each denial explained. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { catalogueQuery } from '../../data/catalogue.js';
import { type EventFilters, eventsQuery, histogramQuery } from '../../data/events.js';
import { useMay } from '../../data/session.js';
import { serverNow } from '../../lib/clock.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { CsvLink, FilterBar } from '../../ui/filters.js';
import { EmptyState, ErrorNote, Loading, StaleNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { Paging } from '../../ui/paging.js';
import { DenialDrawer } from './denial-drawer.js';
import { DeniedFilters, MODES, SPANS, type SpanName } from './denied-filters.js';
import { DeniedTable } from './denied-table.js';
import { Histogram } from './histogram.js';

const route = getRouteApi('/denied');

export function DeniedRoute() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/denied' });
  const may = useMay();
  const [looks, setLooks] = useState(0);
  const { account, api, group, subject, source, after, id, from, to } = search;
  const last: SpanName = search.last !== undefined && search.last in SPANS ? (search.last as SpanName) : '24h';
  // Fixed until somebody looks again: pages of a list that moves would repeat themselves.
  // biome-ignore lint/correctness/useExhaustiveDependencies: looks counts the times somebody asked for now
  const span = useMemo(
    () =>
      from === undefined ? { from: new Date(serverNow() - SPANS[last]).toISOString(), to: undefined } : { from, to },
    [from, to, last, looks],
  );
  const filters: EventFilters = {
    account,
    api,
    group,
    subject,
    source,
    window: search.window === 'minute' || search.window === 'hour' ? search.window : undefined,
    mode: MODES.find((mode) => mode === search.mode),
    kind: 'denied',
    ...span,
  };
  const list = useQuery(eventsQuery({ ...filters, after, limit: 50 }));
  const histogram = useQuery(histogramQuery({ ...filters, buckets: 90 }));
  const catalogue = useQuery(catalogueQuery);
  const items = list.data?.items ?? [];
  const filter = (fields: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, ...fields, after: undefined, id: undefined }), replace: true });
  const show = (next: string | undefined) =>
    void navigate({ search: (now) => ({ ...now, id: next }), replace: next === undefined });
  const again = () => {
    setLooks((n) => n + 1);
    void navigate({ search: (now) => ({ ...now, after: undefined }), replace: true });
  };
  useShortcuts('Denied events', [{ keys: 'r', does: 'Look again, up to now', run: again }]);
  const filtered = Object.keys(search).some((name) => !['id', 'after', 'last'].includes(name));
  return (
    <Page
      title="Denied events"
      about="Calls of one kind within one second are one line. Drag over the bars to look at a part of the time."
      actions={
        <>
          <Button variant="default" size="sm" onClick={again}>
            Look again
          </Button>
          {may('export') && <CsvLink path="/admin/api/limit-events" query={filters} />}
        </>
      }
    >
      <FilterBar onClear={filtered ? () => void navigate({ search: {} }) : undefined}>
        <DeniedFilters search={search} last={last} groups={catalogue.data?.groups ?? []} onFilter={filter} />
      </FilterBar>
      <Panel>
        {histogram.data === undefined ? (
          histogram.error === null ? (
            <Loading rows={3} />
          ) : (
            <ErrorNote error={histogram.error} retry={() => void histogram.refetch()} />
          )
        ) : (
          <Histogram histogram={histogram.data} onBrush={(brushed) => filter({ ...brushed, last: undefined })} />
        )}
      </Panel>
      {list.data !== undefined && <StaleNote error={list.error} retry={() => void list.refetch()} />}
      <section className="panel" aria-label="Denied events">
        {list.data === undefined ? (
          list.error === null ? (
            <Loading />
          ) : (
            <ErrorNote error={list.error} retry={() => void list.refetch()} />
          )
        ) : items.length === 0 ? (
          <EmptyState
            why={
              filtered
                ? 'Nothing was denied that matches these filters.'
                : 'Nothing was denied in this time. A 61st call within 60 s would be:'
            }
          >
            {!filtered && (
              <pre className="code">{`for i in $(seq 61); do curl -s -o /dev/null -w '%{http_code}\\n' -X POST \\
  http://127.0.0.1:3001/api/public/bots/my-bot/publish -H "authorization: Bearer $TOKEN"; done | sort | uniq -c`}</pre>
            )}
          </EmptyState>
        ) : (
          <DeniedTable items={items} open={id} />
        )}
        <Paging
          shown={items.length}
          next={list.data?.next ?? null}
          after={after}
          go={(next) => void navigate({ search: (now) => ({ ...now, after: next }) })}
        />
      </section>
      {id !== undefined && search.raise === undefined && (
        <DenialDrawer key={id} id={id} mayRaise={may('overrides.write')} onClose={() => show(undefined)} />
      )}
    </Page>
  );
}
