/** The screen's address and its two lists. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { ACTION_NAMES, type Access, accessQuery, OUTCOME_NAMES, type SignIn, signInsQuery } from '../../data/access.js';
import { useMay } from '../../data/session.js';
import { serverNow } from '../../lib/clock.js';
import type { Fields } from '../../lib/search.js';
import { isSpan, SPANS } from '../../lib/spans.js';

const route = getRouteApi('/access');

type AccessSearch = Fields<'tab' | 'actor' | 'account' | 'action' | 'login' | 'outcome' | 'address' | 'last' | 'after'>;
export type Tab = 'accounts' | 'sign-ins';

const isAction = (name: string | undefined): name is Access['action'] => name !== undefined && name in ACTION_NAMES;
const isOutcome = (name: string | undefined): name is SignIn['outcome'] => name !== undefined && name in OUTCOME_NAMES;

export function useAccessScreen() {
  const search: AccessSearch = route.useSearch();
  const navigate = useNavigate({ from: '/access' });
  const may = useMay();
  const mayRead = may('staff.read');
  const tab: Tab = search.tab === 'sign-ins' ? 'sign-ins' : 'accounts';
  const { actor, account, login, address, last, after } = search;
  const from = useStart(last);
  const action = isAction(search.action) ? search.action : undefined;
  const outcome = isOutcome(search.outcome) ? search.outcome : undefined;
  const access = { actor, account, action, from };
  const signIns = { login, outcome, address, from };
  return {
    tab,
    search,
    mayRead,
    /** What an export of the shown list contains. */
    download:
      tab === 'accounts'
        ? { path: '/admin/api/access-log', query: access }
        : { path: '/admin/api/sign-ins', query: signIns },
    mayExport: may('export'),
    access: useQuery({ ...accessQuery({ ...access, after }), enabled: mayRead && tab === 'accounts' }),
    signIns: useQuery({ ...signInsQuery({ ...signIns, after }), enabled: mayRead && tab === 'sign-ins' }),
    filtered: Object.keys(search).some((name) => !['tab', 'after'].includes(name)),
    filter: (fields: AccessSearch) =>
      void navigate({ search: (now) => ({ ...now, ...fields, after: undefined }), replace: true }),
    clear: () => void navigate({ search: { tab: search.tab } }),
    show: (next: Tab) => void navigate({ search: { tab: next === 'sign-ins' ? next : undefined, last } }),
    page: (next: string | undefined) => void navigate({ search: (now) => ({ ...now, after: next }) }),
  };
}

export type AccessScreen = ReturnType<typeof useAccessScreen>;

/** It stays the same while a person pages through the list. undefined: no time range. */
function useStart(last: string | undefined): string | undefined {
  return useMemo(() => (isSpan(last) ? new Date(serverNow() - SPANS[last]).toISOString() : undefined), [last]);
}
