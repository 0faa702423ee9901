import type { Token } from '../../data/staff.js';
import { useServerNow } from '../../lib/clock.js';
import { actorText } from '../../lib/format.js';
import { ButtonLink } from '../../ui/links.js';
import { Expiry, Tag, Time } from '../../ui/small.js';
import { actions, type Column, Table } from '../../ui/table.js';

const COLUMNS: Column<Token>[] = [
  { title: 'Name', cell: ({ name }) => <strong>{name}</strong> },
  { title: 'Permissions', cell: ({ permissions }) => <span className="mono">{permissions.join(', ')}</span> },
  { title: 'Role', cell: ({ role }) => <Tag>{role}</Tag> },
  { title: 'State', cell: (token) => <State token={token} /> },
  { title: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'Never' : <Time at={lastUsedAt} />) },
  {
    title: 'Created',
    cell: ({ createdAt, createdBy }) => (
      <>
        <Time at={createdAt} /> by {actorText(createdBy)}
      </>
    ),
  },
];

export function TokensTable({ items, mayWrite }: { items: readonly Token[]; mayWrite: boolean }) {
  const now = useServerNow();
  const revoke = actions(
    mayWrite,
    (token: Token) =>
      isValid(token, now) && (
        <ButtonLink
          to="."
          search={(search) => ({ ...search, edit: token.id })}
          size="compact-sm"
          variant="default"
          aria-label={`Revoke ${token.name}`}
        >
          Revoke
        </ButtonLink>
      ),
  );
  return <Table label="Service tokens" rows={items} columns={[...COLUMNS, ...revoke]} keyOf={({ id }) => id} />;
}

const isValid = ({ revokedAt, expiresAt }: Token, now: number): boolean =>
  revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > now);

function State({ token }: { token: Token }) {
  const now = useServerNow();
  if (token.revokedAt !== null)
    return (
      <>
        <Tag tone="bad">Revoked</Tag> <Time at={token.revokedAt} />
      </>
    );
  if (!isValid(token, now)) return <Tag tone="bad">Expired</Tag>;
  return (
    <>
      <Tag tone="good">Valid</Tag> <Expiry at={token.expiresAt} />
    </>
  );
}
