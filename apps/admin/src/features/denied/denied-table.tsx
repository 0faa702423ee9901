import type { LimitEvent } from '../../data/events.js';
import { count, preciseTime, subjectText } from '../../lib/format.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { Tag, Time } from '../../ui/small.js';
import { Table } from '../../ui/table.js';

export const windowText = (window: LimitEvent['window']) =>
  window === 'minute' ? '60 s' : window === 'hour' ? '1 h' : 'none';

export function DeniedTable({ items, open }: { items: readonly LimitEvent[]; open: string | undefined }) {
  return (
    <Table
      label="Denied events"
      rows={items}
      keyOf={({ id }) => id}
      chosen={open}
      columns={[
        {
          title: 'When',
          cell: ({ id, lastAt }) => (
            <TextLink to="." search={(now) => ({ ...now, id })}>
              <span className="number">{preciseTime(Date.parse(lastAt))}</span>, <Time at={lastAt} />
            </TextLink>
          ),
        },
        {
          title: 'Account',
          cell: ({ account }) => <AccountLink account={account} fw={600} />,
        },
        { title: 'API', cell: ({ apiTitle }) => apiTitle },
        { title: 'Subject', cell: ({ dimensions }) => subjectText(dimensions) },
        { title: 'Calls', numeric: true, cell: (event) => count(event.count) },
        {
          title: 'Full window',
          cell: ({ window, used, perMinute, perHour }) => (
            <>
              {windowText(window)}: {count(used)} of {count(window === 'hour' ? perHour : perMinute)}
            </>
          ),
        },
        {
          title: 'Limit from',
          cell: ({ source }) => <Tag tone={source === 'default' ? 'plain' : 'info'}>{source}</Tag>,
        },
        {
          title: 'Mode',
          cell: ({ mode }) => <Tag tone={mode === 'enforced' ? 'plain' : 'warn'}>{mode.replace('_', ': ')}</Tag>,
        },
      ]}
    />
  );
}
