import { Checkbox } from '@mantine/core';
import type { Override } from '../../data/overrides.js';
import { actorText, scopeText, written } from '../../lib/format.js';
import { Limits } from '../../ui/limits.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { Expiry, ShadowTag, Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

export interface OverridesTableProps {
  readonly items: readonly Override[];
  readonly selected: ReadonlySet<string>;
  /** undefined: the person may not change overrides. */
  readonly onSelect: ((selected: ReadonlySet<string>) => void) | undefined;
  /** The override that the drawer shows. */
  readonly open: string | undefined;
}

/** `10×`: how far above the default, in the window where it is furthest. */
function timesText({ perMinute, perHour, default: byDefault }: Override): string {
  const times = Math.max((perMinute ?? 0) / (byDefault.perMinute || 1), (perHour ?? 0) / (byDefault.perHour || 1));
  return `${times >= 10 ? Math.round(times) : Math.round(times * 10) / 10}×`;
}

const COLUMNS: Column<Override>[] = [
  {
    title: 'Override',
    cell: ({ id }) => (
      <TextLink to="." search={(now) => ({ ...now, edit: id })}>
        {id}
      </TextLink>
    ),
  },
  { title: 'Account', cell: ({ account }) => <AccountLink account={account} fw={600} /> },
  { title: 'Scope', cell: scopeText },
  { title: 'Limits', cell: (override) => <OverrideLimits override={override} /> },
  { title: 'Expiry', cell: (override) => <Period override={override} /> },
  { title: 'Last used', cell: ({ use }) => (use === null ? 'Never' : <Time at={use.lastUsedAt} />) },
  { title: 'Created by', cell: ({ createdBy }) => actorText(createdBy) },
  {
    title: 'Reason',
    cell: ({ reason, ticket }) => (
      <>
        {written(reason)} {ticket !== null && <Tag>{ticket}</Tag>}
      </>
    ),
  },
];

export function OverridesTable({ items, selected, onSelect, open }: OverridesTableProps) {
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect?.(next);
  };
  const select: Column<Override> = {
    title: 'Select',
    cell: ({ id, state, account }) =>
      state !== 'expired' && (
        <Checkbox
          size="xs"
          checked={selected.has(id)}
          onChange={() => toggle(id)}
          aria-label={`Select ${id} of ${account}`}
        />
      ),
  };
  return (
    <Table
      label="Overrides"
      rows={items}
      columns={onSelect === undefined ? COLUMNS : [select, ...COLUMNS]}
      keyOf={({ id }) => id}
      chosen={open}
    />
  );
}

function OverrideLimits({ override }: { override: Override }) {
  const { mode, perMinute, perHour } = override;
  if (mode === 'shadow') return <ShadowTag />;
  return (
    <>
      <Limits {...override} /> {(perMinute ?? perHour) !== null && <Tag>{timesText(override)}</Tag>}
    </>
  );
}

function Period({ override: { state, startsAt, expiresAt } }: { override: Override }) {
  if (state !== 'upcoming') return <Expiry at={expiresAt} first />;
  return (
    <>
      Starts <Time at={startsAt} />
    </>
  );
}
