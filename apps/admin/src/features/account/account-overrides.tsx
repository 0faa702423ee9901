import type { Override } from '../../data/overrides.js';
import { scopeText } from '../../lib/format.js';
import { TextLink } from '../../ui/links.js';
import { EmptyState } from '../../ui/notes.js';
import { Expiry, Limits } from '../../ui/small.js';
import { Table } from '../../ui/table.js';

export function AccountOverrides({ items }: { items: readonly Override[] }) {
  if (items.length === 0) return <EmptyState why="None: every limit is the default." />;
  return (
    <Table
      label="Overrides in force"
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        {
          title: 'For',
          cell: (override) => (
            <TextLink to="/overrides" search={{ account: override.account, edit: override.id }}>
              {scopeText(override)}
            </TextLink>
          ),
        },
        {
          title: 'Limits',
          cell: ({ perMinute, perHour, factor, mode }) =>
            mode === 'shadow' ? (
              'shadow: not enforced'
            ) : (
              <Limits perMinute={perMinute} perHour={perHour} factor={factor} />
            ),
        },
        { title: 'Until', cell: ({ expiresAt }) => <Expiry at={expiresAt} /> },
        { title: 'Why', cell: ({ reason }) => reason },
      ]}
    />
  );
}
