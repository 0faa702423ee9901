/** The screen's address, its list, and its keyboard shortcuts. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { QueryOf } from '../../api/client.js';
import { useReload } from '../../data/reload.js';
import { type ReviewedRequest, requestsQuery } from '../../data/requests.js';
import { useMay } from '../../data/session.js';
import type { Fields } from '../../lib/search.js';
import { type Shortcut, useShortcuts } from '../../lib/shortcuts.js';

const route = getRouteApi('/requests');
const STATES = ['open', 'approved', 'declined', 'all'] as const;

const DECISIONS = ['approve', 'decline'] as const;
export type Decision = (typeof DECISIONS)[number];
export type RequestsSearch = Fields<'state' | 'account' | 'needsAdmin' | 'ticket' | 'id' | 'do' | 'after'>;

export function useRequestsScreen() {
  const search: RequestsSearch = route.useSearch();
  const navigate = useNavigate({ from: '/requests' });
  const reload = useReload();
  const may = useMay();
  const filters = filtersOf(search);
  const list = useQuery(requestsQuery({ ...filters, after: search.after }));
  const items = list.data?.items ?? [];
  const mayDecide = may('requests.decide');
  const set = (fields: RequestsSearch) => void navigate({ search: (now) => ({ ...now, ...fields }), replace: true });
  useShortcuts('Limit requests', shortcutsOf({ items, id: search.id, mayDecide, set }));
  useEffect(() => {
    if (search.id !== undefined) document.getElementById(`request-${search.id}`)?.scrollIntoView({ block: 'nearest' });
  }, [search.id]);
  const close = () => set({ do: undefined });
  return {
    search,
    filters,
    list,
    /** The request that the keyboard shortcuts and the dialog are about. */
    chosen: items.find(({ request }) => request.id === search.id)?.request,
    decision: DECISIONS.find((decision) => decision === search.do),
    mayDecide,
    mayExport: may('export'),
    filtered: ['account', 'ticket', 'needsAdmin', 'state'].some((name) => name in search),
    filter: (fields: RequestsSearch) => set({ ...fields, after: undefined, id: undefined, do: undefined }),
    clear: () => void navigate({ search: {} }),
    page: (after: string | undefined) => void navigate({ search: (now) => ({ ...now, after }) }),
    review: (id: string, decision: Decision) => set({ id, do: decision }),
    close,
    closeAndReload: () => {
      close();
      reload();
    },
  };
}

export type RequestsScreen = ReturnType<typeof useRequestsScreen>;

interface Chooser {
  readonly items: readonly ReviewedRequest[];
  readonly id: string | undefined;
  readonly mayDecide: boolean;
  readonly set: (fields: RequestsSearch) => void;
}

function shortcutsOf({ items, id, mayDecide, set }: Chooser): Shortcut[] {
  const at = items.findIndex(({ request }) => request.id === id);
  const move = (step: number) => {
    const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
    if (next !== undefined) set({ id: next.request.id });
  };
  const decide = (decision: Decision) => {
    const request = (items[at] ?? items[0])?.request;
    if (request?.state === 'open') set({ id: request.id, do: decision });
  };
  return [
    { keys: 'j', does: 'Next', run: () => move(1) },
    { keys: 'k', does: 'Previous', run: () => move(-1) },
    ...(mayDecide
      ? [
          { keys: 'a', does: 'Approve', run: () => decide('approve') },
          { keys: 'd', does: 'Decline', run: () => decide('decline') },
        ]
      : []),
  ];
}

function filtersOf({ state, account, ticket, needsAdmin }: RequestsSearch): QueryOf<'listRequests'> {
  return {
    state: STATES.find((one) => one === state) ?? 'open',
    account,
    ticket,
    needsAdmin: needsAdmin === 'true' ? 'true' : undefined,
  };
}
