/** The heart: what an account uses of its limits, live, and what was done about it. */
import { Group, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { briefQuery, stripQuery, usageQuery } from '../../data/accounts.js';
import { historyQuery } from '../../data/history.js';
import { overridesQuery } from '../../data/overrides.js';
import { requestsQuery } from '../../data/requests.js';
import { useMay } from '../../data/session.js';
import { many, named } from '../../lib/format.js';
import { rememberAccount } from '../../lib/recent.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { ButtonLink, TextLink } from '../../ui/links.js';
import { LiveBar } from '../../ui/live-bar.js';
import { ErrorNote, Loading, StaleNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { Tag } from '../../ui/small.js';
import { AccountOverrides } from './account-overrides.js';
import { AccountRequests } from './account-requests.js';
import { Gauges } from './gauges.js';
import { Strip } from './strip.js';
import { Timeline } from './timeline.js';

const route = getRouteApi('/accounts/$account');

export function AccountRoute() {
  const { account } = route.useParams();
  const { show, paused: pausedText } = route.useSearch();
  const navigate = useNavigate({ from: '/accounts/$account' });
  const may = useMay();
  const paused = pausedText === '1';
  const setPaused = (on: boolean) =>
    void navigate({ search: (search) => ({ ...search, paused: on ? '1' : undefined }), replace: true });
  const setShow = (text: string) =>
    void navigate({ search: (search) => ({ ...search, show: text || undefined }), replace: true });
  const raise = () => void navigate({ search: (search) => ({ ...search, raise: account }) });
  useEffect(() => rememberAccount(account), [account]);

  const brief = useQuery(briefQuery(account));
  const usage = useQuery(usageQuery(account, { paused }));
  const strip = useQuery(stripQuery(account, { paused }));
  const overrides = useQuery(overridesQuery({ account, state: 'inForce', limit: 20 }));
  const requests = useQuery(requestsQuery({ account, state: 'open', limit: 20 }));
  const history = useQuery(historyQuery({ account, limit: 10 }));

  useShortcuts('This account', [
    { keys: 'p', does: paused ? 'Go on, live' : 'Pause', run: () => setPaused(!paused) },
    ...(may('overrides.write') ? [{ keys: 'r', does: 'Raise a limit', run: raise }] : []),
  ]);

  return (
    <Page
      title={named(account)}
      about={
        brief.data !== undefined && (
          <Group gap="xs" mt={4}>
            <Tag tone={brief.data.overridesInForce > 0 ? 'info' : 'plain'}>
              {brief.data.overridesInForce > 0
                ? `${many(brief.data.overridesInForce, 'override')} in force`
                : 'default limits'}
            </Tag>
            {brief.data.openRequests > 0 && <Tag tone="warn">{many(brief.data.openRequests, 'open request')}</Tag>}
            {brief.data.denialsLastHour > 0 && (
              <TextLink to="/denied" search={{ account, last: '1h' }}>
                {many(brief.data.denialsLastHour, 'call')} denied in the last hour
              </TextLink>
            )}
          </Group>
        )
      }
      actions={
        <>
          <LiveBar asOf={usage.data?.asOf} paused={paused} setPaused={setPaused} />
          {may('overrides.write') && (
            <ButtonLink to="." search={(search) => ({ ...search, raise: account })} size="sm">
              Raise a limit
            </ButtonLink>
          )}
        </>
      }
    >
      {usage.data !== undefined && <StaleNote error={usage.error} retry={() => void usage.refetch()} />}
      <Panel title="Now" flush>
        {usage.data !== undefined ? (
          <Gauges
            account={account}
            items={usage.data.items}
            more={usage.data.next !== null}
            show={show ?? ''}
            onShow={setShow}
          />
        ) : usage.error !== null ? (
          <ErrorNote error={usage.error} retry={() => void usage.refetch()} />
        ) : (
          <Loading />
        )}
      </Panel>
      <Panel title="The last hour">
        {strip.data !== undefined ? <Strip strip={strip.data} /> : <Loading rows={4} />}
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Stack>
          <Panel title="Overrides in force" flush>
            {overrides.data === undefined ? <Loading rows={2} /> : <AccountOverrides items={overrides.data.items} />}
          </Panel>
          <Panel title="Open requests" flush>
            {requests.data === undefined ? <Loading rows={2} /> : <AccountRequests items={requests.data.items} />}
          </Panel>
        </Stack>
        <Panel
          title="History"
          actions={
            <TextLink to="/history" search={{ account }} size="sm">
              All of it
            </TextLink>
          }
        >
          {history.data === undefined ? <Loading rows={3} /> : <Timeline items={history.data.items} />}
        </Panel>
      </SimpleGrid>
    </Page>
  );
}
