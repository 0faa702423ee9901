/** The screen's address, the plans, and the accounts of the shown plan. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { plansQuery } from '../../data/plans.js';
import { useReload } from '../../data/reload.js';
import { useMay } from '../../data/session.js';

const route = getRouteApi('/plans');

export function usePlansScreen() {
  const { show, edit, create } = route.useSearch();
  const navigate = useNavigate({ from: '/plans' });
  const reload = useReload();
  const plans = useQuery(plansQuery);
  const items = plans.data?.items ?? [];
  const close = () =>
    void navigate({ search: (now) => ({ ...now, show: undefined, edit: undefined, create: undefined }) });
  return {
    plans,
    items,
    shown: items.find(({ id }) => id === show),
    edited: items.find(({ id }) => id === edit),
    creating: create === '1',
    mayWrite: useMay()('plans.write'),
    close,
    closeAndReload: () => {
      close();
      reload();
    },
  };
}
