import type { PlanLimit } from '../../data/plans.js';
import { scopeText } from '../../lib/format.js';
import { Limits } from '../../ui/limits.js';
import { Table } from '../../ui/table.js';

/** The limits of a plan. The most specific one applies to an API. */
export function PlanLimits({ limits }: { limits: readonly PlanLimit[] }) {
  return (
    <Table
      label="Limits of the plan"
      rows={limits}
      keyOf={planScope}
      columns={[
        { title: 'Scope', cell: planScope },
        { title: 'Limits', cell: (limit) => <Limits {...limit} /> },
      ]}
    />
  );
}

/** `All APIs`, `API group bots`, `publish-bot` */
const planScope = ({ group, api }: Pick<PlanLimit, 'group' | 'api'>): string =>
  scopeText({ group, api, dimensions: null });
