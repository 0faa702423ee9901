/** Limit requests, oldest first, beside the usage that supports them. */
import { ExportCsv } from '../../ui/filters.js';
import { ListPanel } from '../../ui/list-panel.js';
import { EmptyState } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { Kbd } from '../../ui/small.js';
import { DecideDialog } from './decide-dialog.js';
import { RequestCard } from './request-card.js';
import { RequestsFilters } from './requests-filters.js';
import { useRequestsScreen } from './use-requests-screen.js';

export function RequestsRoute() {
  const screen = useRequestsScreen();
  const { search, filters, list, chosen, decision, mayDecide, review } = screen;
  return (
    <Page
      title="Limit requests"
      about={<Keys mayDecide={mayDecide} />}
      actions={screen.mayExport && <ExportCsv path="/admin/api/requests" query={filters} />}
    >
      <RequestsFilters screen={screen} />
      <ListPanel
        label="Limit requests"
        query={list}
        empty={<NoRequests filtered={screen.filtered} />}
        after={search.after}
        onPage={screen.page}
      >
        {(items) =>
          items.map((item) => (
            <RequestCard
              key={item.request.id}
              item={item}
              chosen={item.request.id === search.id}
              mayDecide={mayDecide}
              onReview={(what) => review(item.request.id, what)}
            />
          ))
        }
      </ListPanel>
      {chosen !== undefined && mayDecide && decision !== undefined && (
        <DecideDialog
          key={chosen.id}
          request={chosen}
          decision={decision}
          onClose={screen.close}
          onDone={screen.closeAndReload}
        />
      )}
    </Page>
  );
}

function Keys({ mayDecide }: { mayDecide: boolean }) {
  return (
    <>
      Press <Kbd>J</Kbd> or <Kbd>K</Kbd> to move through the list
      {mayDecide && (
        <>
          , <Kbd>A</Kbd> to approve, <Kbd>D</Kbd> to decline
        </>
      )}
      .
    </>
  );
}

function NoRequests({ filtered }: { filtered: boolean }) {
  if (filtered) return <EmptyState why="No limit request matches these filters." />;
  return (
    <EmptyState why="No open limit requests. Customers send one through the link in a denial, or from their own code:">
      <pre className="code">{`curl -X POST http://127.0.0.1:3001/api/public/rate-limits/requests \\
  -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
  -d '{"api":"publish-bot","perMinute":120,"reason":"We launch on Monday."}'`}</pre>
    </EmptyState>
  );
}
