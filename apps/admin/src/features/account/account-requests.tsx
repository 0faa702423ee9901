import type { Asked } from '../../data/requests.js';
import { scopeText } from '../../lib/format.js';
import { TextLink } from '../../ui/links.js';
import { EmptyState } from '../../ui/notes.js';
import { RequestedLimits } from '../../ui/requested-limits.js';
import { Tag, Time } from '../../ui/small.js';
import { Table } from '../../ui/table.js';

export function AccountRequests({ items }: { items: readonly Asked[] }) {
  if (items.length === 0) return <EmptyState why="None is open: nobody waits for an answer." />;
  return (
    <Table
      label="Open requests"
      rows={items.map(({ request }) => request)}
      keyOf={({ id }) => id}
      columns={[
        {
          title: 'For',
          cell: (request) => (
            <TextLink to="/requests" search={{ account: request.account, id: request.id }}>
              {scopeText(request)}
            </TextLink>
          ),
        },
        {
          title: 'Wanted',
          cell: (request) => (
            <>
              <RequestedLimits request={request} /> {request.pastDue && <Tag tone="warn">past due</Tag>}
            </>
          ),
        },
        { title: 'Asked', cell: ({ askedAt }) => <Time at={askedAt} /> },
        { title: 'Why', cell: ({ reason }) => reason },
      ]}
    />
  );
}
