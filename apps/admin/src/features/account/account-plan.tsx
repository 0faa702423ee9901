/** The plan of an account by assignment, and assigning another one. */
import { Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { accountPlanQuery, type AccountPlan as Plan } from '../../data/plans.js';
import { useReload } from '../../data/reload.js';
import { useMay } from '../../data/session.js';
import { named, written } from '../../lib/format.js';
import { TextLink } from '../../ui/links.js';
import { Loaded } from '../../ui/loaded.js';
import { Panel } from '../../ui/page.js';
import { Expiry, Time } from '../../ui/small.js';
import { AssignPlan } from './assign-plan.js';

export function AccountPlan({ account }: { account: string }) {
  const query = useQuery(accountPlanQuery(account));
  const mayAssign = useMay()('plans.assign');
  const reload = useReload();
  const [assigning, setAssigning] = useState(false);
  return (
    <Panel
      title="Plan"
      actions={
        mayAssign && (
          <Button size="compact-sm" variant="default" onClick={() => setAssigning(true)}>
            Assign plan
          </Button>
        )
      }
    >
      <Loaded query={query} rows={1}>
        {(plan) => (
          <>
            <Current plan={plan} />
            {assigning && (
              <AssignPlan
                account={account}
                open={openOf(plan)}
                onClose={() => setAssigning(false)}
                onSaved={() => {
                  setAssigning(false);
                  reload();
                }}
              />
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

const upcomingOf = ({ others }: Plan) => others.filter(({ state }) => state === 'upcoming');

/** What can be ended: the assignment in force, and scheduled ones. */
const openOf = (plan: Plan) => [...(plan.current === null ? [] : [plan.current]), ...upcomingOf(plan)];

function Current({ plan }: { plan: Plan }) {
  const { current } = plan;
  return (
    <>
      {current === null ? (
        <Text size="sm">No plan is assigned. A plan that its calls bring applies, or the default limits.</Text>
      ) : (
        <Group gap="xs">
          <TextLink to="/plans" search={{ show: current.plan }}>
            {named(current.planTitle)}
          </TextLink>
          <Text size="sm">
            since <Time at={current.startsAt} />, <Expiry at={current.endsAt} />: {written(current.reason)}
          </Text>
        </Group>
      )}
      {upcomingOf(plan).map((one) => (
        <Text key={one.id} size="sm">
          {named(one.planTitle)} from <Time at={one.startsAt} /> on, <Expiry at={one.endsAt} />: {written(one.reason)}
        </Text>
      ))}
    </>
  );
}
