/** What an account uses of its limits, live, with its overrides, limit requests and history. */
import { SimpleGrid, Stack } from '@mantine/core';
import { named } from '../../lib/format.js';
import { CustomLimitLink } from '../../ui/links.js';
import { LiveBar } from '../../ui/live-bar.js';
import { Loaded } from '../../ui/loaded.js';
import { EmptyState, StaleNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { AccountHistory } from './account-history.js';
import { AccountOverrides } from './account-overrides.js';
import { AccountPlan } from './account-plan.js';
import { AccountRequests } from './account-requests.js';
import { AccountSummary } from './account-summary.js';
import { Gauges } from './gauges.js';
import { NoUsage } from './no-usage.js';
import { UsageChart } from './usage-chart.js';
import { useAccountScreen } from './use-account-screen.js';
import { WhichLimit } from './which-limit.js';

export function AccountRoute() {
  const screen = useAccountScreen();
  const { account, mayWrite, paused, setPaused, brief, usage } = screen;
  const asked = usage.data?.items.find(({ subject }) => subject === screen.which);
  return (
    <Page
      title={named(account)}
      documentTitle={`Account ${named(account)}`}
      about={brief.data !== undefined && <AccountSummary account={account} brief={brief.data} />}
      actions={
        <>
          <LiveBar asOf={usage.data?.asOf} paused={paused} setPaused={setPaused} />
          {mayWrite && <CustomLimitLink account={account} size="sm" />}
        </>
      }
    >
      <StaleNote query={usage} />
      <Panel title="Current usage" flush>
        <Loaded query={usage} empty={<NoUsage account={account} />}>
          {({ items, next }) => <Gauges screen={screen} items={items} more={next !== null} />}
        </Loaded>
      </Panel>
      <Panel title="The last hour">
        <Loaded query={screen.strip} rows={4}>
          {(strip) => <UsageChart strip={strip} />}
        </Loaded>
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Stack>
          {screen.mayReadPlans && <AccountPlan account={account} />}
          <Panel title="Overrides in force" flush>
            <Loaded
              query={screen.overrides}
              rows={2}
              empty={<EmptyState why="No overrides: all limits are those of the plan, or the defaults." />}
            >
              {({ items }) => <AccountOverrides items={items} />}
            </Loaded>
          </Panel>
          <Panel title="Open limit requests" flush>
            <Loaded query={screen.requests} rows={2} empty={<EmptyState why="No open limit requests." />}>
              {({ items }) => <AccountRequests items={items} />}
            </Loaded>
          </Panel>
        </Stack>
        <AccountHistory account={account} query={screen.history} />
      </SimpleGrid>
      {asked !== undefined && <WhichLimit account={account} usage={asked} onClose={screen.closeWhich} />}
    </Page>
  );
}
