/** The default limits of every API: the original ones, and those in force. */
import { Stack } from '@mantine/core';
import { many } from '../../lib/format.js';
import { FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { Loaded } from '../../ui/loaded.js';
import { EmptyState, StaleNote } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { EditApi } from './edit-api.js';
import { GroupPanel } from './group-panel.js';
import { type CatalogueScreen, matching, useCatalogueScreen } from './use-catalogue-screen.js';

export function CatalogueRoute() {
  const screen = useCatalogueScreen();
  const { search, catalogue, apis, editing, mayWrite } = screen;
  const edited = apis.filter((api) => api.edited).length;
  const retired = apis.filter((api) => api.retiredAt !== null).length;
  return (
    <Page
      title="Catalogue"
      about={apis.length > 0 && `${many(apis.length, 'API')}, ${edited} with edited limits, ${retired} retired.`}
    >
      <Filters screen={screen} />
      <Loaded query={catalogue} rows={10}>
        {({ groups }) => {
          const shown = matching(groups, search);
          return (
            <Stack>
              <StaleNote query={catalogue} />
              {shown.length === 0 && <Nothing filtered={screen.filtered} />}
              {shown.map((group) => (
                <GroupPanel key={group.group} group={group} mayWrite={mayWrite} />
              ))}
            </Stack>
          );
        }}
      </Loaded>
      {editing !== undefined && mayWrite && (
        <EditApi
          key={`${editing.api} ${editing.version}`}
          api={editing}
          onClose={screen.close}
          onReload={() => void catalogue.refetch()}
          onSaved={screen.closeAndReload}
        />
      )}
    </Page>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <section className="panel">
      <EmptyState
        why={
          filtered
            ? 'No API matches these filters.'
            : 'No application has registered its APIs yet. This happens when it starts.'
        }
      />
    </section>
  );
}

const ALL = { value: '', label: 'All' };

function Filters({ screen: { search, groups, filtered, filter, clear } }: { screen: CatalogueScreen }) {
  return (
    <FilterBar filtered={filtered} onClear={clear}>
      <TextFilter label="API" value={search.q} onChange={(value) => filter({ q: value })} width={200} />
      <SelectFilter
        label="API group"
        value={search.group}
        onChange={(value) => filter({ group: value })}
        data={[ALL, ...groups.map((one) => ({ value: one.group, label: one.title }))]}
      />
      <SelectFilter
        label="State"
        value={search.only}
        onChange={(value) => filter({ only: value })}
        data={[
          ALL,
          { value: 'edited', label: 'Edited' },
          { value: 'shadow', label: 'Shadow' },
          { value: 'retired', label: 'Retired' },
        ]}
      />
    </FilterBar>
  );
}
