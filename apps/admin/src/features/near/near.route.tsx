/** The subjects of all accounts that are close to a limit now, before customers call support. */
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Near, nearQuery } from '../../data/accounts.js';
import { useMay } from '../../data/session.js';
import { countedScope, countedTitle, subjectText, WINDOWS } from '../../lib/format.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { Gauge } from '../../ui/gauge.js';
import { AccountLink, CustomLimitLink } from '../../ui/links.js';
import { LiveBar } from '../../ui/live-bar.js';
import { Loaded } from '../../ui/loaded.js';
import { EmptyState, StaleNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { ShadowTag, SourceTag } from '../../ui/small.js';
import { actions, type Column, Table } from '../../ui/table.js';

const route = getRouteApi('/near');
const BANDS = [
  { band: '100', title: 'At 100%: calls are denied now' },
  { band: '90-99', title: '90 to 99%' },
  { band: '80-89', title: '80 to 89%' },
] as const;

export function NearRoute() {
  const { near, paused, setPaused } = useNearScreen();
  return (
    <Page
      title="Near the limit"
      about="Subjects of all accounts that have used at least 80% of a limit, fullest first."
      actions={<LiveBar asOf={near.data?.asOf} paused={paused} setPaused={setPaused} />}
    >
      <StaleNote query={near} />
      <Loaded query={near} empty={<NothingNear />}>
        {({ items }) => (
          <Stack>
            {BANDS.map(({ band, title }) => (
              <Band key={band} title={title} items={items.filter((item) => item.band === band)} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function useNearScreen() {
  const paused = route.useSearch().paused === '1';
  const navigate = useNavigate({ from: '/near' });
  const setPaused = (on: boolean) => void navigate({ search: { paused: on ? '1' : undefined }, replace: true });
  useShortcuts('Near the limit', [
    { keys: 'p', does: paused ? 'Resume updates' : 'Pause updates', run: () => setPaused(!paused) },
  ]);
  return { near: useQuery(nearQuery({ paused })), paused, setPaused };
}

function NothingNear() {
  return (
    <section className="panel">
      <EmptyState why="No subject has used 80% of a limit in the last 60 s or hour. This list updates automatically." />
    </section>
  );
}

function Band({ title, items }: { title: string; items: readonly Near[] }) {
  const mayWrite = useMay()('overrides.write');
  return (
    <Panel title={`${title} (${items.length})`} flush>
      {items.length === 0 ? (
        <EmptyState why="None." />
      ) : (
        <Table label={title} rows={items} columns={columnsOf(mayWrite)} keyOf={({ subject }) => subject} />
      )}
    </Panel>
  );
}

const columnsOf = (mayWrite: boolean): Column<Near>[] => [
  { title: 'Account', cell: ({ account }) => <AccountLink account={account} fw={600} /> },
  {
    title: 'API and subject',
    cell: (near) => (
      <>
        {countedTitle(near)}, {subjectText(near.dimensions)} {near.mode === 'shadow' && <ShadowTag />}
      </>
    ),
  },
  {
    title: WINDOWS.minute,
    bare: true,
    cell: (near) => <Gauge window={WINDOWS.minute} {...near.minute} of={near.subject} />,
  },
  {
    title: WINDOWS.hour,
    bare: true,
    cell: (near) => <Gauge window={WINDOWS.hour} {...near.hour} of={near.subject} />,
  },
  { title: 'Limit source', cell: ({ source }) => <SourceTag source={source} /> },
  ...actions(mayWrite, (near: Near) => (
    <CustomLimitLink
      account={near.account}
      {...countedScope(near)}
      dimensions={near.dimensions}
      row={near.subject}
      size="compact-sm"
      variant="default"
    />
  )),
];
