/** The screen's address, its list, and the overrides that are selected in it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { QueryOf } from '../../api/client.js';
import { overridesQuery } from '../../data/overrides.js';
import { useReload } from '../../data/reload.js';
import { useMay } from '../../data/session.js';
import type { Fields } from '../../lib/search.js';

const route = getRouteApi('/overrides');

export const STATES = [
  { value: 'inForce', label: 'In force' },
  { value: 'upcoming', label: 'Upcoming' },
  { value: 'expired', label: 'Expired' },
  { value: 'all', label: 'All' },
] as const;

export type OverridesSearch = Fields<
  'account' | 'state' | 'expiring' | 'neverUsed' | 'permanent' | 'above' | 'by' | 'ticket' | 'edit' | 'after'
>;

export function useOverridesScreen() {
  const search: OverridesSearch = route.useSearch();
  const navigate = useNavigate({ from: '/overrides' });
  const reload = useReload();
  const may = useMay();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [expiring, setExpiring] = useState(false);
  const filters = filtersOf(search);
  const list = useQuery(overridesQuery({ ...filters, after: search.after }));
  return {
    search,
    filters,
    list,
    selected,
    setSelected,
    /** The selected overrides that are on this page. */
    selectedItems: (list.data?.items ?? []).filter(({ id }) => selected.has(id)),
    /** The dialog that expires the selected overrides is open. */
    expiring,
    setExpiring,
    reload,
    mayWrite: may('overrides.write'),
    mayExport: may('export'),
    filtered: Object.keys(search).some((name) => !['edit', 'after'].includes(name)),
    filter: (fields: OverridesSearch) => {
      setSelected(new Set());
      void navigate({ search: (now) => ({ ...now, ...fields, after: undefined }), replace: true });
    },
    clear: () => void navigate({ search: {} }),
    page: (after: string | undefined) => void navigate({ search: (now) => ({ ...now, after }) }),
    close: () => void navigate({ search: (now) => ({ ...now, edit: undefined }), replace: true }),
  };
}

export type OverridesScreen = ReturnType<typeof useOverridesScreen>;

function filtersOf(search: OverridesSearch): QueryOf<'listOverrides'> {
  const { account, by, ticket, expiring, above, neverUsed, permanent } = search;
  return {
    state: STATES.find(({ value }) => value === search.state)?.value ?? 'inForce',
    account,
    createdBy: by,
    ticket,
    expiringWithinHours: expiring === undefined ? undefined : Number(expiring),
    aboveTimes: above === undefined ? undefined : Number(above),
    neverUsed: neverUsed === 'true' ? 'true' : undefined,
    permanent: permanent === 'true' ? 'true' : undefined,
  };
}
