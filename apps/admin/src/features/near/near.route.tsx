/** Who will call next: subjects that are close to a limit now. */
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Near, nearQuery } from '../../data/accounts.js';
import { useMay } from '../../data/session.js';
import { subjectText } from '../../lib/format.js';
import { toValues } from '../../lib/search.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { Gauge } from '../../ui/gauge.js';
import { AccountLink, ButtonLink } from '../../ui/links.js';
import { LiveBar } from '../../ui/live-bar.js';
import { EmptyState, ErrorNote, Loading, StaleNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { Tag } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

const route = getRouteApi('/near');
const BANDS = [
  { band: '100', title: 'At 100 %: denied now' },
  { band: '90-99', title: '90 to 99 %' },
  { band: '80-89', title: '80 to 89 %' },
] as const;

export function NearRoute() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/near' });
  const paused = search.paused === '1';
  const setPaused = (on: boolean) => void navigate({ search: { paused: on ? '1' : undefined }, replace: true });
  const { data, error, refetch } = useQuery(nearQuery({ paused }));
  useShortcuts('Near the limit', [
    { keys: 'p', does: paused ? 'Go on, live' : 'Pause', run: () => setPaused(!paused) },
  ]);
  return (
    <Page
      title="Near the limit"
      about="Every account, the fullest first."
      actions={<LiveBar asOf={data?.asOf} paused={paused} setPaused={setPaused} />}
    >
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorNote error={error} retry={() => void refetch()} />
        )
      ) : (
        <Stack>
          <StaleNote error={error} retry={() => void refetch()} />
          {data.items.length === 0 ? (
            <section className="panel">
              <EmptyState why="Nobody has used 80 % of a limit in the last 60 s or hour. This list fills by itself." />
            </section>
          ) : (
            BANDS.map(({ band, title }) => (
              <Band key={band} title={title} items={data.items.filter((item) => item.band === band)} />
            ))
          )}
        </Stack>
      )}
    </Page>
  );
}

function Band({ title, items }: { title: string; items: readonly Near[] }) {
  const may = useMay();
  const columns: Column<Near>[] = [
    {
      title: 'Account',
      cell: ({ account }) => <AccountLink account={account} fw={600} />,
    },
    {
      title: 'API and subject',
      cell: ({ apiTitle, dimensions, mode }) => (
        <>
          {apiTitle}, {subjectText(dimensions)} {mode === 'shadow' && <Tag tone="warn">shadow: not enforced</Tag>}
        </>
      ),
    },
    { title: '60 s', bare: true, cell: (near) => <Gauge window="60 s" {...near.minute} of={near.subject} /> },
    { title: '1 h', bare: true, cell: (near) => <Gauge window="1 h" {...near.hour} of={near.subject} /> },
    { title: 'Limit from', cell: ({ source }) => <Tag tone={source === 'default' ? 'plain' : 'info'}>{source}</Tag> },
    ...(may('overrides.write')
      ? [
          {
            title: 'Do',
            bare: true,
            cell: ({ account, api, dimensions, subject }: Near) => (
              <ButtonLink
                to="."
                search={(now) => ({ ...now, raise: account, raiseApi: api, raiseFor: toValues(dimensions) })}
                size="compact-sm"
                variant="default"
                aria-label={`Raise ${subject}`}
              >
                Raise
              </ButtonLink>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel title={`${title} (${items.length})`} flush>
      {items.length === 0 ? (
        <EmptyState why="None." />
      ) : (
        <Table label={title} rows={items} columns={columns} keyOf={({ subject }) => subject} />
      )}
    </Panel>
  );
}
