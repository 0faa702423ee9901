/** One search box for everything that a customer may quote. Each result links to the screen that shows it. */
import { Loader, Text, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Found } from '../../data/accounts.js';
import { named } from '../../lib/format.js';
import { EmptyState, ErrorNote } from '../../ui/notes.js';
import { Tag } from '../../ui/small.js';
import { type FindInput, linkOf, useFindBox } from './use-find-box.js';

export function FindBox(input: FindInput) {
  const { query, items, chosen, listId, searching, isEmpty, search, onKeyDown } = useFindBox(input);
  return (
    <div>
      <TextInput
        data-find-box
        data-autofocus
        autoFocus
        size="md"
        aria-label="Find an account, bot, ticket, HTTP request ID or denial ID"
        placeholder="Account, bot, ticket, HTTP request ID, denial ID…"
        value={input.q}
        maxLength={256}
        onChange={({ currentTarget }) => input.onType(currentTarget.value)}
        onKeyDown={onKeyDown}
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={listId}
        aria-activedescendant={items[chosen] === undefined ? undefined : `${listId}-${chosen}`}
        rightSection={searching ? <Loader size="xs" /> : undefined}
        autoComplete="off"
        spellCheck={false}
      />
      <div id={listId} role="listbox" aria-label="Results">
        {items.map((item, i) => (
          <Result
            key={`${item.kind} ${item.id}`}
            id={`${listId}-${i}`}
            item={item}
            chosen={i === chosen}
            onClick={input.onChosen}
          />
        ))}
      </div>
      {query.error !== null && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {isEmpty && <NothingFound search={search} />}
    </div>
  );
}

const KIND_NAMES: Readonly<Record<Found['kind'], string>> = {
  account: 'Account',
  override: 'Override',
  request: 'Limit request',
  ticket: 'Ticket',
  denial: 'Denial',
  subject: 'Subject',
};

interface ResultProps {
  readonly id: string;
  readonly item: Found;
  readonly chosen: boolean;
  readonly onClick: (() => void) | undefined;
}

function Result({ id, item, chosen, onClick }: ResultProps) {
  return (
    <Link
      {...linkOf(item)}
      id={id}
      role="option"
      aria-selected={chosen}
      className="found"
      data-chosen={chosen || undefined}
      onClick={onClick}
      tabIndex={-1}
    >
      <Tag tone={item.exact ? 'info' : 'plain'}>{KIND_NAMES[item.kind]}</Tag>
      <span className="found-name">
        {item.kind === 'account' ? named(item.account) : `${named(item.account)} · ${item.id}`}
      </span>
      <span className="found-label">{item.label}</span>
    </Link>
  );
}

function NothingFound({ search }: { search: string }) {
  return (
    <EmptyState why={`Nothing found for “${search}”.`}>
      <Text size="sm" c="dimmed">
        An account is found by the start of its name, everything else by its full name or ID. To open an account that
        has not made a call yet, for example to set a custom limit, press Enter.
      </Text>
    </EmptyState>
  );
}
