/** The search behind the box, and moving through its results with the keyboard. */
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { type Found, findQuery } from '../../data/accounts.js';

export interface FindInput {
  readonly q: string;
  readonly onType: (q: string) => void;
  /** Called after the person has opened a result, so that a dialog can close. */
  readonly onChosen?: () => void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

export function useFindBox({ q, onChosen }: FindInput) {
  const typed = q.trim();
  /** What the results are for: what was typed, a moment later. */
  const [search] = useDebouncedValue(typed, 150);
  const query = useQuery(findQuery(search));
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const listId = useId();
  const items = search === '' ? [] : (query.data?.items ?? []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new results start at the first one
  useEffect(() => setChosen(0), [query.data]);
  const open = () => {
    if (typed === '') return;
    const item = items[chosen];
    // Enter may come before the results: then the text is taken as the name of an account.
    if (item !== undefined && search === typed) void navigate(linkOf(item));
    else void navigate({ to: '/accounts/$account', params: { account: typed }, search: {} });
    onChosen?.();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setChosen((chosen + step + items.length) % Math.max(1, items.length));
    }
    if (event.key === 'Enter') open();
  };
  return {
    query,
    items,
    chosen,
    listId,
    search,
    searching: query.isFetching && search !== '',
    isEmpty: search !== '' && query.data !== undefined && items.length === 0 && !query.isFetching,
    onKeyDown,
  };
}

/** The screen that shows the result. */
export function linkOf({ kind, id, account }: Found) {
  if (kind === 'denial') return { to: '/denied', search: { account, id, last: '90d' } } as const;
  if (kind === 'request' || id.startsWith('req_'))
    return { to: '/requests', search: { state: 'all', account, id } } as const;
  if (kind === 'override' || id.startsWith('ovr_'))
    return { to: '/overrides', search: { state: 'all', account, edit: id } } as const;
  return {
    to: '/accounts/$account',
    params: { account },
    search: kind === 'subject' ? { show: id } : {},
  } as const;
}
