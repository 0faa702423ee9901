/** The screen's address, its list and its chart. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { catalogueQuery } from '../../data/catalogue.js';
import { type EventFilters, eventsQuery, histogramQuery } from '../../data/events.js';
import { useMay } from '../../data/session.js';
import { serverNow } from '../../lib/clock.js';
import type { Fields } from '../../lib/search.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { isSpan, SPANS, type SpanName } from '../../lib/spans.js';
import { ENFORCEMENTS } from './enforcement.js';

const route = getRouteApi('/denied');

export type DenialsSearch = Fields<
  | 'account'
  | 'api'
  | 'group'
  | 'subject'
  | 'window'
  | 'mode'
  | 'source'
  | 'from'
  | 'to'
  | 'last'
  | 'id'
  | 'after'
  | 'raise'
>;

export function useDenialsScreen() {
  const search: DenialsSearch = route.useSearch();
  const navigate = useNavigate({ from: '/denied' });
  const may = useMay();
  const last: SpanName = isSpan(search.last) ? search.last : '24h';
  const { span, restart } = useSpan(search, last);
  const filters = filtersOf(search, span);
  const refresh = () => {
    restart();
    void navigate({ search: (now) => ({ ...now, after: undefined }), replace: true });
  };
  useShortcuts('Denials', [{ keys: 'r', does: 'Refresh', run: refresh }]);
  return {
    search,
    last,
    filters,
    refresh,
    list: useQuery(eventsQuery({ ...filters, after: search.after, limit: 50 })),
    histogram: useQuery(histogramQuery({ ...filters, buckets: 90 })),
    groups: useQuery(catalogueQuery).data?.groups ?? [],
    mayExport: may('export'),
    mayWrite: may('overrides.write'),
    filtered: Object.keys(search).some((name) => !['id', 'after', 'last'].includes(name)),
    filter: (fields: DenialsSearch) =>
      void navigate({ search: (now) => ({ ...now, ...fields, after: undefined, id: undefined }), replace: true }),
    clear: () => void navigate({ search: {} }),
    page: (after: string | undefined) => void navigate({ search: (now) => ({ ...now, after }) }),
    closeDenial: () => void navigate({ search: (now) => ({ ...now, id: undefined }), replace: true }),
  };
}

export type DenialsScreen = ReturnType<typeof useDenialsScreen>;

/** The time range. It stays the same until the person refreshes: a moving list would repeat entries on its pages. */
function useSpan({ from, to }: DenialsSearch, last: SpanName) {
  const [refreshes, setRefreshes] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each refresh moves the range to the current time
  const span = useMemo(
    () =>
      from === undefined ? { from: new Date(serverNow() - SPANS[last]).toISOString(), to: undefined } : { from, to },
    [from, to, last, refreshes],
  );
  return { span, restart: () => setRefreshes((n) => n + 1) };
}

function filtersOf(search: DenialsSearch, span: { from: string; to: string | undefined }): EventFilters {
  const { account, api, group, subject, source, window } = search;
  return {
    account,
    api,
    group,
    subject,
    source,
    window: window === 'minute' || window === 'hour' ? window : undefined,
    mode: ENFORCEMENTS.find((mode) => mode === search.mode),
    kind: 'denied',
    ...span,
  };
}
