import { Checkbox } from '@mantine/core';
import type { Override } from '../../data/overrides.js';
import { actorText, scopeText, written } from '../../lib/format.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { Expiry, Limits, Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

export interface OverridesTableProps {
  readonly items: readonly Override[];
  readonly chosen: ReadonlySet<string>;
  /** undefined: nothing can be done with many. */
  readonly onChoose: ((chosen: ReadonlySet<string>) => void) | undefined;
  /** The one that is looked at. */
  readonly open: string | undefined;
}

/** `10×`: how far above the default, in the window where it is furthest. */
export function timesText({ perMinute, perHour, factor, default: byDefault }: Override): string {
  const times =
    factor ?? Math.max((perMinute ?? 0) / (byDefault.perMinute || 1), (perHour ?? 0) / (byDefault.perHour || 1));
  return `${times >= 10 ? Math.round(times) : Math.round(times * 10) / 10}×`;
}

export function OverridesTable({ items, chosen, onChoose, open }: OverridesTableProps) {
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose?.(next);
  };
  const columns: Column<Override>[] = [
    ...(onChoose === undefined
      ? []
      : [
          {
            title: 'Choose',
            cell: ({ id, state, account }: Override) =>
              state !== 'expired' && (
                <Checkbox
                  size="xs"
                  checked={chosen.has(id)}
                  onChange={() => toggle(id)}
                  aria-label={`Choose ${id} of ${account}`}
                />
              ),
          },
        ]),
    {
      title: 'Override',
      cell: ({ id }) => (
        <TextLink to="." search={(now) => ({ ...now, edit: id })}>
          {id}
        </TextLink>
      ),
    },
    {
      title: 'Account',
      cell: ({ account }) => <AccountLink account={account} fw={600} />,
    },
    { title: 'For', cell: scopeText },
    {
      title: 'Limits',
      cell: (override) =>
        override.mode === 'shadow' ? (
          <Tag tone="warn">shadow: not enforced</Tag>
        ) : (
          <>
            <Limits perMinute={override.perMinute} perHour={override.perHour} factor={override.factor} />{' '}
            {override.factor === null && <Tag>{timesText(override)}</Tag>}
          </>
        ),
    },
    {
      title: 'Until',
      cell: ({ state, startsAt, expiresAt }) =>
        state === 'upcoming' ? (
          <>
            starts <Time at={startsAt} />
          </>
        ) : (
          <Expiry at={expiresAt} />
        ),
    },
    { title: 'Last used', cell: ({ use }) => (use === null ? 'never' : <Time at={use.lastUsedAt} />) },
    { title: 'By', cell: ({ createdBy }) => actorText(createdBy) },
    {
      title: 'Why',
      cell: ({ reason, ticket }) => (
        <>
          {written(reason)} {ticket !== null && <Tag>{ticket}</Tag>}
        </>
      ),
    },
  ];
  return <Table label="Overrides" rows={items} columns={columns} keyOf={({ id }) => id} chosen={open} />;
}
