import type { Api, Group } from '../../data/catalogue.js';
import { actorText, count } from '../../lib/format.js';
import { ButtonLink } from '../../ui/links.js';
import { Panel } from '../../ui/page.js';
import { ShadowTag, Tag, Time } from '../../ui/small.js';
import { actions, type Column, Table } from '../../ui/table.js';

export function GroupPanel({ group, mayWrite }: { group: Group; mayWrite: boolean }) {
  const edit = actions(mayWrite, ({ api, title }: Api) => (
    <ButtonLink
      to="."
      search={(now) => ({ ...now, edit: api })}
      size="compact-sm"
      variant="default"
      aria-label={`Edit ${title}`}
    >
      Edit
    </ButtonLink>
  ));
  return (
    <Panel title={group.title} flush>
      <Table label={group.title} rows={group.apis} columns={[...COLUMNS, ...edit]} keyOf={({ api }) => api} />
    </Panel>
  );
}

const COLUMNS: Column<Api>[] = [
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
    title: 'Counted per',
    cell: ({ level, scope }) =>
      `${level.join(' + ').replaceAll('_', ' ')}${scope === 'group' ? ', shared by the API group' : ''}`,
  },
  {
    title: 'Limit in any 60 s',
    numeric: true,
    cell: ({ limits, shipped }) => <Limit inForce={limits.perMinute} original={shipped.perMinute} />,
  },
  {
    title: 'Limit in any hour',
    numeric: true,
    cell: ({ limits, shipped }) => <Limit inForce={limits.perHour} original={shipped.perHour} />,
  },
  {
    title: 'State',
    cell: ({ edited, shadow, retiredAt }) => (
      <>
        {edited ? <Tag tone="info">Edited</Tag> : <Tag>Original</Tag>} {shadow && <ShadowTag />}{' '}
        {retiredAt !== null && (
          <>
            <Tag tone="warn">Retired</Tag> <Time at={retiredAt} />
          </>
        )}
      </>
    ),
  },
  {
    title: 'Registered by',
    cell: ({ owners }) => (owners.length === 0 ? 'No application' : owners.join(', ')),
  },
  {
    title: 'Last change',
    cell: ({ version, changedAt, changedBy }) =>
      version <= 1 ? (
        'Never'
      ) : (
        <>
          <Time at={changedAt} /> by {actorText(changedBy)}
        </>
      ),
  },
];

function Limit({ inForce, original }: { inForce: number; original: number }) {
  if (inForce === original) return <>{count(inForce)}</>;
  return (
    <>
      <strong>{count(inForce)}</strong> <small>(original {count(original)})</small>
    </>
  );
}
