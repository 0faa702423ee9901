/** The matrix: every API's default limits, as shipped and in force. */
import { Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Api, catalogueQuery, type Group } from '../../data/catalogue.js';
import { useMay } from '../../data/session.js';
import { actorText, count, many } from '../../lib/format.js';
import { FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { ButtonLink } from '../../ui/links.js';
import { EmptyState, ErrorNote, Loading, StaleNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';
import { EditApi } from './edit-api.js';

const route = getRouteApi('/catalogue');

export function CatalogueRoute() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/catalogue' });
  const queryClient = useQueryClient();
  const mayWrite = useMay()('catalogue.write');
  const { data, error, refetch } = useQuery(catalogueQuery);
  const { q = '', group, only, edit } = search;
  const filter = (fields: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, ...fields }), replace: true });
  const wanted = ({ api, title, edited, shadow }: Api) =>
    `${api} ${title}`.toLowerCase().includes(q.toLowerCase()) &&
    (only !== 'edited' || edited) &&
    (only !== 'shadow' || shadow);
  const groups = (data?.groups ?? [])
    .filter((one) => group === undefined || one.group === group)
    .map((one) => ({ ...one, apis: one.apis.filter(wanted) }))
    .filter(({ apis }) => apis.length > 0);
  const all = data?.groups.flatMap(({ apis }) => apis) ?? [];
  const editing = all.find(({ api }) => api === edit);
  const close = () => filter({ edit: undefined });
  return (
    <Page
      title="Catalogue"
      about={
        data === undefined
          ? undefined
          : `${many(all.length, 'API')}, ${all.filter(({ edited }) => edited).length} with edited limits.`
      }
    >
      <FilterBar
        onClear={Object.keys(search).some((name) => name !== 'edit') ? () => void navigate({ search: {} }) : undefined}
      >
        <TextFilter label="API" value={q} onChange={(value) => filter({ q: value })} width={200} />
        <SelectFilter
          label="Group"
          value={group}
          onChange={(value) => filter({ group: value })}
          data={[
            { value: '', label: 'all' },
            ...(data?.groups ?? []).map((one) => ({ value: one.group, label: one.title })),
          ]}
        />
        <SelectFilter
          label="Only"
          value={only}
          onChange={(value) => filter({ only: value })}
          data={[
            { value: '', label: 'all' },
            { value: 'edited', label: 'edited' },
            { value: 'shadow', label: 'in shadow' },
          ]}
        />
      </FilterBar>
      {data === undefined ? (
        error === null ? (
          <Loading rows={10} />
        ) : (
          <ErrorNote error={error} retry={() => void refetch()} />
        )
      ) : (
        <Stack>
          <StaleNote error={error} retry={() => void refetch()} />
          {groups.length === 0 && (
            <section className="panel">
              <EmptyState why="No API matches these filters." />
            </section>
          )}
          {groups.map((one) => (
            <GroupPanel key={one.group} group={one} mayWrite={mayWrite} />
          ))}
        </Stack>
      )}
      {editing !== undefined && mayWrite && (
        <EditApi
          key={`${editing.api} ${editing.version}`}
          api={editing}
          onClose={close}
          onReload={() => void refetch()}
          onSaved={() => {
            close();
            void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
          }}
        />
      )}
    </Page>
  );
}

function GroupPanel({ group, mayWrite }: { group: Group; mayWrite: boolean }) {
  const columns: Column<Api>[] = [
    {
      title: 'API',
      cell: ({ api, title }) => (
        <>
          <strong>{title}</strong>
          <br />
          <span className="mono">{api}</span>
        </>
      ),
    },
    {
      title: 'Counted by',
      cell: ({ level, scope }) =>
        `${level.join(' + ').replaceAll('_', ' ')}${scope === 'group' ? ', whole group' : ''}`,
    },
    {
      title: 'In any 60 s',
      numeric: true,
      cell: ({ limits, shipped }) => <InForce now={limits.perMinute} shipped={shipped.perMinute} />,
    },
    {
      title: 'In any hour',
      numeric: true,
      cell: ({ limits, shipped }) => <InForce now={limits.perHour} shipped={shipped.perHour} />,
    },
    {
      title: 'State',
      cell: ({ edited, shadow }) => (
        <>
          {edited ? <Tag tone="info">edited</Tag> : <Tag>as shipped</Tag>}{' '}
          {shadow && <Tag tone="warn">shadow: not enforced</Tag>}
        </>
      ),
    },
    {
      title: 'Changed',
      cell: ({ version, changedAt, changedBy }) =>
        version <= 1 ? (
          'never'
        ) : (
          <>
            <Time at={changedAt} /> by {actorText(changedBy)}
          </>
        ),
    },
    ...(mayWrite
      ? [
          {
            title: 'Do',
            bare: true,
            cell: ({ api, title }: Api) => (
              <ButtonLink
                to="."
                search={(now) => ({ ...now, edit: api })}
                size="compact-sm"
                variant="default"
                aria-label={`Edit ${title}`}
              >
                Edit
              </ButtonLink>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel title={group.title} flush>
      <Table label={group.title} rows={group.apis} columns={columns} keyOf={({ api }) => api} />
    </Panel>
  );
}

function InForce({ now, shipped }: { now: number; shipped: number }) {
  return now === shipped ? (
    count(now)
  ) : (
    <>
      <strong>{count(now)}</strong> <small>(shipped {count(shipped)})</small>
    </>
  );
}
