import type { ReviewedRequest } from '../../data/requests.js';
import { scopeText, written } from '../../lib/format.js';
import { RequestedLimits } from '../../ui/limits.js';
import { TextLink } from '../../ui/links.js';
import { EndPassedTag, Time } from '../../ui/small.js';
import { Table } from '../../ui/table.js';

export function AccountRequests({ items }: { items: readonly ReviewedRequest[] }) {
  return (
    <Table
      label="Open limit requests"
      rows={items.map(({ request }) => request)}
      keyOf={({ id }) => id}
      columns={[
        {
          title: 'Scope',
          cell: (request) => (
            <TextLink to="/requests" search={{ account: request.account, id: request.id }}>
              {scopeText(request)}
            </TextLink>
          ),
        },
        {
          title: 'Requested limits',
          cell: (request) => (
            <>
              <RequestedLimits request={request} /> {request.pastDue && <EndPassedTag />}
            </>
          ),
        },
        { title: 'Requested', cell: ({ askedAt }) => <Time at={askedAt} /> },
        { title: 'Reason', cell: ({ reason }) => written(reason) },
      ]}
    />
  );
}
