/** One plan: its limits, and the accounts that are assigned to it. */
import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Plan, planAccountsQuery } from '../../data/plans.js';
import { useMay } from '../../data/session.js';
import { many, named, written } from '../../lib/format.js';
import { ExportCsv } from '../../ui/filters.js';
import { Choice } from '../../ui/forms.js';
import { AccountLink } from '../../ui/links.js';
import { Loaded } from '../../ui/loaded.js';
import { EmptyState } from '../../ui/notes.js';
import { SideDrawer } from '../../ui/side.js';
import { Expiry, Time } from '../../ui/small.js';
import { Table } from '../../ui/table.js';
import { PlanLimits } from './plan-limits.js';

const MOST_SHOWN = 100;

type AssignmentState = 'inForce' | 'upcoming' | 'expired';

const STATES: { label: string; value: AssignmentState }[] = [
  { label: 'In force', value: 'inForce' },
  { label: 'Upcoming', value: 'upcoming' },
  { label: 'Ended', value: 'expired' },
];

const NONE: Readonly<Record<AssignmentState, string>> = {
  inForce: 'No account is assigned to it now. Calls can still bring it.',
  upcoming: 'No account will be assigned to it at a later time.',
  expired: 'No assignment of it has ended.',
};

export function PlanDrawer({ plan, onClose }: { plan: Plan; onClose: () => void }) {
  const [state, setState] = useState<AssignmentState>('inForce');
  const accounts = useQuery(planAccountsQuery(plan.id, { state, limit: MOST_SHOWN }));
  const mayExport = useMay()('export');
  return (
    <SideDrawer title={`Plan ${named(plan.title)}`} onClose={onClose} size={640}>
      <Stack>
        {plan.description !== '' && <Text size="sm">{written(plan.description)}</Text>}
        {plan.limits.length === 0 ? (
          <Text size="sm">It has no limits of its own: the default limits apply.</Text>
        ) : (
          <PlanLimits limits={plan.limits} />
        )}
        <Title order={3}>{many(plan.accounts, 'assigned account')}</Title>
        <Choice
          id="plan-accounts"
          label="Assignments"
          value={state}
          onChange={(value) => setState(value as AssignmentState)}
          data={STATES}
        />
        <Loaded query={accounts} empty={<EmptyState why={NONE[state]} />}>
          {({ items, next }) => (
            <>
              <Table
                label="Accounts"
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  { title: 'Account', cell: ({ account }) => <AccountLink account={account} /> },
                  { title: 'Start', cell: ({ startsAt }) => <Time at={startsAt} /> },
                  { title: 'End', cell: ({ endsAt }) => <Expiry at={endsAt} first /> },
                  { title: 'Reason', cell: ({ reason }) => written(reason) },
                ]}
              />
              {next !== null && <Text size="sm">The export has the other accounts.</Text>}
            </>
          )}
        </Loaded>
        {mayExport && <ExportCsv path={`/admin/api/plans/${encodeURIComponent(plan.id)}/accounts`} query={{ state }} />}
      </Stack>
    </SideDrawer>
  );
}
