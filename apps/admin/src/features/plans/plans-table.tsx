import type { Plan } from '../../data/plans.js';
import { actorText, count, many, named } from '../../lib/format.js';
import { ButtonLink, TextLink } from '../../ui/links.js';
import { Tag, Time } from '../../ui/small.js';
import { actions, type Column, Table } from '../../ui/table.js';

export function PlansTable({ items, mayWrite }: { items: readonly Plan[]; mayWrite: boolean }) {
  const edit = actions(mayWrite, ({ id, title }: Plan) => (
    <ButtonLink
      to="."
      search={(now) => ({ ...now, edit: id })}
      size="compact-sm"
      variant="default"
      aria-label={`Edit ${title}`}
    >
      Edit
    </ButtonLink>
  ));
  return <Table label="Plans" rows={items} columns={[...COLUMNS, ...edit]} keyOf={({ id }) => id} />;
}

const COLUMNS: Column<Plan>[] = [
  {
    title: 'Plan',
    cell: ({ id, title, retiredAt }) => (
      <>
        <TextLink to="/plans" search={{ show: id }}>
          <strong>{named(title)}</strong>
        </TextLink>{' '}
        {retiredAt !== null && <Tag tone="warn">Retired</Tag>}
        <br />
        <span className="mono">{id}</span>
      </>
    ),
  },
  { title: 'Description', cell: ({ description }) => named(description) || '–' },
  { title: 'Limits', cell: ({ limits }) => (limits.length === 0 ? 'Default limits' : many(limits.length, 'limit')) },
  { title: 'Assigned accounts', numeric: true, cell: ({ accounts }) => count(accounts) },
  {
    title: 'Last change',
    cell: ({ changedAt, changedBy }) => (
      <>
        <Time at={changedAt} /> by {actorText(changedBy)}
      </>
    ),
  },
];
