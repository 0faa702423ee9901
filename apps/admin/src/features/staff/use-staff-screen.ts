/** The screen's address, the people and the service tokens. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMay } from '../../data/session.js';
import { staffQuery, tokensQuery } from '../../data/staff.js';
import type { Fields } from '../../lib/search.js';

const route = getRouteApi('/staff');

type StaffSearch = Fields<'tab' | 'edit'>;
export type Tab = 'people' | 'tokens';

/** The value of `edit` in the address that adds something. */
const NEW = 'new';

export function useStaffScreen() {
  const search: StaffSearch = route.useSearch();
  const navigate = useNavigate({ from: '/staff' });
  const queryClient = useQueryClient();
  const may = useMay();
  const mayRead = may('staff.read');
  const people = useQuery({ ...staffQuery, enabled: mayRead });
  const tokens = useQuery({ ...tokensQuery, enabled: mayRead });
  const tab: Tab = search.tab === 'tokens' ? 'tokens' : 'people';
  const set = (fields: StaffSearch) => void navigate({ search: (now) => ({ ...now, ...fields }), replace: true });
  return {
    tab,
    people,
    tokens,
    mayRead,
    mayWrite: may('staff.write'),
    adding: search.edit === NEW,
    person: people.data?.items.find(({ id }) => id === search.edit),
    token: tokens.data?.items.find(({ id }) => id === search.edit),
    add: () => set({ edit: NEW }),
    show: (next: Tab) => set({ tab: next === 'tokens' ? next : undefined, edit: undefined }),
    close: () => set({ edit: undefined }),
    reload: () =>
      void queryClient.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] === 'staff' || queryKey[0] === 'tokens',
      }),
  };
}

export type StaffScreen = ReturnType<typeof useStaffScreen>;
