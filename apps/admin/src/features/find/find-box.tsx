/** The one box: an account, bot, ticket, request id, override, limit request or denial leads to where it belongs. */
import { Loader, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { type Found, findQuery } from '../../data/accounts.js';
import { named } from '../../lib/format.js';
import { EmptyState, ErrorNote } from '../../ui/notes.js';
import { Tag } from '../../ui/small.js';

export interface FindBoxProps {
  readonly q: string;
  readonly onType: (q: string) => void;
  /** Somebody chose: a dialog closes. */
  readonly onChosen?: () => void;
}

export function FindBox({ q, onType, onChosen }: FindBoxProps) {
  const [asked] = useDebouncedValue(q.trim(), 150);
  const { data, error, isFetching, refetch } = useQuery(findQuery(asked));
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const listId = useId();
  const items = asked === '' ? [] : (data?.items ?? []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new results, the first one again
  useEffect(() => setChosen(0), [data]);
  const go = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setChosen((chosen + step + items.length) % Math.max(1, items.length));
    }
    const item = items[chosen];
    if (event.key !== 'Enter') return;
    // Faster than the search: an account of that very name it may be.
    const typed = q.trim();
    if (item !== undefined && asked === typed) void navigate(linkOf(item));
    else if (typed !== '') void navigate({ to: '/accounts/$account', params: { account: typed }, search: {} });
    else return;
    onChosen?.();
  };
  return (
    <div>
      <TextInput
        data-find-box
        data-autofocus
        autoFocus
        size="md"
        aria-label="Find an account, bot, ticket, request id or denial"
        placeholder="Account, bot, ticket, request id, denial …"
        value={q}
        maxLength={256}
        onChange={({ currentTarget }) => onType(currentTarget.value)}
        onKeyDown={go}
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={listId}
        aria-activedescendant={items[chosen] === undefined ? undefined : `${listId}-${chosen}`}
        rightSection={isFetching && asked !== '' ? <Loader size="xs" /> : undefined}
        autoComplete="off"
        spellCheck={false}
      />
      <div id={listId} role="listbox" aria-label="Found">
        {items.map((item, i) => (
          <Link
            key={`${item.kind} ${item.id}`}
            {...linkOf(item)}
            id={`${listId}-${i}`}
            role="option"
            aria-selected={i === chosen}
            className="found"
            data-chosen={i === chosen || undefined}
            onClick={onChosen}
            tabIndex={-1}
          >
            <Tag tone={item.exact ? 'info' : 'plain'}>{item.kind}</Tag>
            <span className="found-name">
              {item.kind === 'account' ? named(item.account) : `${named(item.account)} · ${item.id}`}
            </span>
            <span className="found-label">{item.label}</span>
          </Link>
        ))}
      </div>
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {asked !== '' && data !== undefined && items.length === 0 && !isFetching && (
        <EmptyState why={`Nothing is called “${asked}”.`}>
          <Text size="sm" c="dimmed">
            Accounts are found by the start of their name, everything else by the whole of it. An account that never
            called has nothing yet: press Enter to look at it all the same, and to give it a limit.
          </Text>
        </EmptyState>
      )}
    </div>
  );
}

function linkOf({ kind, id, account }: Found) {
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
