/** All custom limits: those that expire soon, that were never used, and that are far above the default. */
import { Button, Group, Text } from '@mantine/core';
import { many } from '../../lib/format.js';
import { ExportCsv } from '../../ui/filters.js';
import { ButtonLink } from '../../ui/links.js';
import { ListPanel } from '../../ui/list-panel.js';
import { EmptyState } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { ExpireMany } from './expire-many.js';
import { OverrideDrawer } from './override-drawer.js';
import { OverridesFilters } from './overrides-filters.js';
import { OverridesTable } from './overrides-table.js';
import { type OverridesScreen, useOverridesScreen } from './use-overrides-screen.js';

export function OverridesRoute() {
  const screen = useOverridesScreen();
  const { search, filters, list, selected, setSelected, selectedItems, expiring, setExpiring, mayWrite } = screen;
  return (
    <Page
      title="Overrides"
      about="Custom limits, newest first."
      actions={
        <>
          {mayWrite && (
            <ButtonLink to="/overrides/import" search={{}} variant="default">
              Import
            </ButtonLink>
          )}
          {screen.mayExport && <ExportCsv path="/admin/api/overrides" query={filters} />}
        </>
      }
    >
      <OverridesFilters screen={screen} />
      {mayWrite && selected.size > 0 && <Selection screen={screen} />}
      <ListPanel
        label="Overrides"
        query={list}
        empty={<NoOverrides screen={screen} />}
        after={search.after}
        onPage={screen.page}
      >
        {(items) => (
          <OverridesTable
            items={items}
            selected={selected}
            onSelect={mayWrite ? setSelected : undefined}
            open={search.edit}
          />
        )}
      </ListPanel>
      {search.edit !== undefined && (
        <OverrideDrawer key={search.edit} id={search.edit} mayWrite={mayWrite} onClose={screen.close} />
      )}
      {expiring && (
        <ExpireMany
          overrides={selectedItems}
          onClose={() => setExpiring(false)}
          onDone={(failed) => {
            setSelected(new Set(failed));
            screen.reload();
          }}
        />
      )}
    </Page>
  );
}

function Selection({ screen: { selected, setSelected, setExpiring } }: { screen: OverridesScreen }) {
  return (
    <Group gap="xs" role="status">
      <Text size="sm">{many(selected.size, 'override')} selected</Text>
      <Button size="compact-sm" color="red" onClick={() => setExpiring(true)}>
        Expire now…
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setSelected(new Set())}>
        Clear selection
      </Button>
    </Group>
  );
}

function NoOverrides({ screen: { filtered, mayWrite } }: { screen: OverridesScreen }) {
  if (filtered) return <EmptyState why="No override matches these filters." />;
  return (
    <EmptyState why="No override is in force: every account has the default limits.">
      {mayWrite && (
        <ButtonLink to="/" search={{}} variant="default">
          Find an account
        </ButtonLink>
      )}
    </EmptyState>
  );
}
