/** The screen's address and everything that it loads about one account. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { briefQuery, stripQuery, usageQuery } from '../../data/accounts.js';
import { historyQuery } from '../../data/history.js';
import { overridesQuery } from '../../data/overrides.js';
import { requestsQuery } from '../../data/requests.js';
import { useMay } from '../../data/session.js';
import { rememberAccount } from '../../lib/recent.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { SET_CUSTOM_LIMIT } from '../../ui/links.js';

const route = getRouteApi('/accounts/$account');

export function useAccountScreen() {
  const { account } = route.useParams();
  const { show = '', paused: pausedText, which } = route.useSearch();
  const navigate = useNavigate({ from: '/accounts/$account' });
  const may = useMay();
  const mayWrite = may('overrides.write');
  const paused = pausedText === '1';
  const setPaused = (on: boolean) =>
    void navigate({ search: (search) => ({ ...search, paused: on ? '1' : undefined }), replace: true });
  useEffect(() => rememberAccount(account), [account]);
  useShortcuts('This account', [
    { keys: 'p', does: paused ? 'Resume updates' : 'Pause updates', run: () => setPaused(!paused) },
    ...(mayWrite
      ? [
          {
            keys: 'r',
            does: SET_CUSTOM_LIMIT,
            run: () => void navigate({ search: (search) => ({ ...search, raise: account }) }),
          },
        ]
      : []),
  ]);
  return {
    account,
    mayWrite,
    mayReset: may('windows.reset'),
    mayReadPlans: may('plans.read'),
    paused,
    setPaused,
    /** The text that the shown gauges contain. */
    show,
    setShow: (text: string) =>
      void navigate({ search: (search) => ({ ...search, show: text || undefined }), replace: true }),
    /** The subject whose rules are shown. */
    which,
    closeWhich: () => void navigate({ search: (search) => ({ ...search, which: undefined }) }),
    brief: useQuery(briefQuery(account)),
    usage: useQuery(usageQuery(account, { paused })),
    strip: useQuery(stripQuery(account, { paused })),
    overrides: useQuery(overridesQuery({ account, state: 'inForce', limit: 20 })),
    requests: useQuery(requestsQuery({ account, state: 'open', limit: 20 })),
    history: useQuery(historyQuery({ account, limit: 10 })),
  };
}

export type AccountScreen = ReturnType<typeof useAccountScreen>;
