import type { Override } from '../../data/overrides.js';
import { subjectText } from '../../lib/format.js';
import { TextLink } from '../../ui/links.js';
import { EmptyState } from '../../ui/notes.js';
import { Expiry, Limits } from '../../ui/small.js';
import { Table } from '../../ui/table.js';

/** `Publish bot`’s, or of all APIs: what an override or a request is for. */
export function scopeText({ group, api, dimensions }: Pick<Override, 'group' | 'api' | 'dimensions'>): string {
  if (group !== null) return `group ${group}`;
  if (api === null) return 'all APIs';
  return dimensions === null ? api : `${api}, ${subjectText(dimensions)}`;
}

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
        { title: 'Limits', cell: ({ perMinute, perHour, mode }) => (mode === 'shadow' ? 'shadow: not enforced' : <Limits perMinute={perMinute} perHour={perHour} />) },
        { title: 'Until', cell: ({ expiresAt }) => <Expiry at={expiresAt} /> },
        { title: 'Why', cell: ({ reason }) => reason },
      ]}
    />
  );
}
