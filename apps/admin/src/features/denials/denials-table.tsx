import type { LimitEvent } from '../../data/events.js';
import { capital, count, local, subjectText, WINDOWS } from '../../lib/format.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { SourceTag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';
import { EnforcementTag } from './enforcement.js';

export const windowText = (window: LimitEvent['window']): string => (window === null ? 'none' : WINDOWS[window]);

const COLUMNS: Column<LimitEvent>[] = [
  {
    title: 'Time',
    cell: ({ id, lastAt }) => (
      <TextLink to="." search={(now) => ({ ...now, id })}>
        <span className="number">{local(lastAt)}</span>, <Time at={lastAt} />
      </TextLink>
    ),
  },
  { title: 'Account', cell: ({ account }) => <AccountLink account={account} fw={600} /> },
  { title: 'API', cell: ({ apiTitle }) => apiTitle },
  { title: 'Subject', cell: ({ dimensions }) => capital(subjectText(dimensions)) },
  { title: 'Calls', numeric: true, cell: (event) => count(event.count) },
  {
    title: 'Full window',
    cell: ({ window, used, perMinute, perHour }) => (
      <>
        {windowText(window)}: {count(used)} of {count(window === 'hour' ? perHour : perMinute)}
      </>
    ),
  },
  { title: 'Limit source', cell: ({ source }) => <SourceTag source={source} /> },
  { title: 'Enforcement', cell: ({ mode }) => <EnforcementTag mode={mode} /> },
];

export function DenialsTable({ items, open }: { items: readonly LimitEvent[]; open: string | undefined }) {
  return <Table label="Denials" rows={items} keyOf={({ id }) => id} chosen={open} columns={COLUMNS} />;
}
