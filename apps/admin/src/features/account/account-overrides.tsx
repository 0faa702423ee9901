import type { Override } from '../../data/overrides.js';
import { scopeText, written } from '../../lib/format.js';
import { Limits } from '../../ui/limits.js';
import { TextLink } from '../../ui/links.js';
import { Expiry, ShadowTag } from '../../ui/small.js';
import { Table } from '../../ui/table.js';

export function AccountOverrides({ items }: { items: readonly Override[] }) {
  return (
    <Table
      label="Overrides in force"
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        {
          title: 'Scope',
          cell: (override) => (
            <TextLink to="/overrides" search={{ account: override.account, edit: override.id }}>
              {scopeText(override)}
            </TextLink>
          ),
        },
        {
          title: 'Limits',
          cell: (override) => (override.mode === 'shadow' ? <ShadowTag /> : <Limits {...override} />),
        },
        { title: 'Expiry', cell: ({ expiresAt }) => <Expiry at={expiresAt} first /> },
        { title: 'Reason', cell: ({ reason }) => written(reason) },
      ]}
    />
  );
}
