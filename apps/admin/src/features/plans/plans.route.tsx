/** Plans: named sets of limits that accounts are assigned to, or that calls bring. */
import { Stack } from '@mantine/core';
import { many } from '../../lib/format.js';
import { ButtonLink } from '../../ui/links.js';
import { Loaded } from '../../ui/loaded.js';
import { EmptyState, StaleNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { EditPlan } from './edit-plan.js';
import { PlanDrawer } from './plan-drawer.js';
import { PlansTable } from './plans-table.js';
import { usePlansScreen } from './use-plans-screen.js';

export function PlansRoute() {
  const screen = usePlansScreen();
  const { plans, items, shown, edited, creating, mayWrite, close, closeAndReload } = screen;
  return (
    <Page
      title="Plans"
      about={items.length > 0 && `${many(items.length, 'plan')}. Overrides are exceptions to the limits of a plan.`}
      actions={
        mayWrite && (
          <ButtonLink to="." search={(now) => ({ ...now, create: '1' })} size="sm">
            Create plan
          </ButtonLink>
        )
      }
    >
      <StaleNote query={plans} />
      <Panel flush>
        <Loaded query={plans} empty={<NoPlans mayWrite={mayWrite} />}>
          {() => <PlansTable items={items} mayWrite={mayWrite} />}
        </Loaded>
      </Panel>
      {shown !== undefined && <PlanDrawer plan={shown} onClose={close} />}
      {(creating || edited !== undefined) && mayWrite && (
        <EditPlan
          key={`${edited?.id} ${edited?.version}`}
          plan={edited}
          onClose={close}
          onReload={() => void plans.refetch()}
          onSaved={closeAndReload}
        />
      )}
    </Page>
  );
}

function NoPlans({ mayWrite }: { mayWrite: boolean }) {
  return (
    <EmptyState
      why={
        <Stack gap={4}>
          <span>No plans yet: every account has the default limits and its overrides.</span>
          {!mayWrite && <span>An admin can create plans.</span>}
        </Stack>
      }
    />
  );
}
