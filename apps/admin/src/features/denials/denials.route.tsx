/** Who was denied, when, and under which limit: filters, a chart over time, and an explanation of each denial. */
import { Button } from '@mantine/core';
import { ExportCsv } from '../../ui/filters.js';
import { ListPanel } from '../../ui/list-panel.js';
import { Loaded } from '../../ui/loaded.js';
import { EmptyState } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { DenialDrawer } from './denial-drawer.js';
import { DenialsFilters } from './denials-filters.js';
import { DenialsTable } from './denials-table.js';
import { Histogram } from './histogram.js';
import { useDenialsScreen } from './use-denials-screen.js';

export function DenialsRoute() {
  const screen = useDenialsScreen();
  const { search, filters, list, filter } = screen;
  return (
    <Page
      title="Denials"
      about="Each line counts the denied calls of one kind within one second. Drag over the chart to select a time range."
      actions={
        <>
          <Button variant="default" size="sm" onClick={screen.refresh}>
            Refresh
          </Button>
          {screen.mayExport && <ExportCsv path="/admin/api/limit-events" query={filters} />}
        </>
      }
    >
      <DenialsFilters screen={screen} />
      <Panel>
        <Loaded query={screen.histogram} rows={3}>
          {(histogram) => (
            <Histogram histogram={histogram} onRange={(range) => filter({ ...range, last: undefined })} />
          )}
        </Loaded>
      </Panel>
      <ListPanel
        label="Denials"
        query={list}
        empty={<NoDenials filtered={screen.filtered} />}
        after={search.after}
        onPage={screen.page}
      >
        {(items) => <DenialsTable items={items} open={search.id} />}
      </ListPanel>
      {search.id !== undefined && search.raise === undefined && (
        <DenialDrawer key={search.id} id={search.id} mayWrite={screen.mayWrite} onClose={screen.closeDenial} />
      )}
    </Page>
  );
}

function NoDenials({ filtered }: { filtered: boolean }) {
  if (filtered) return <EmptyState why="No denial matches these filters." />;
  return (
    <EmptyState why="No call was denied in this time range. Of 61 calls within 60 s, the last one is denied:">
      <pre className="code">{`for i in $(seq 61); do curl -s -o /dev/null -w '%{http_code}\\n' -X POST \\
  http://127.0.0.1:3001/api/public/bots/my-bot/publish -H "authorization: Bearer $TOKEN"; done | sort | uniq -c`}</pre>
    </EmptyState>
  );
}
